using System.Collections.Immutable;
using Lovage.Execution;
using Lovage.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Lovage;

/// <summary>The workers of this process.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class WorkerSet(
    JobWorkerServices app,
    JobIdSource ids,
    IOptions<LovageOptions> options,
    IEnumerable<WorkerRegistration> registrations,
    StorageOutage outage) : IAsyncDisposable
{
    private ImmutableArray<JobWorker> _workers = [];
    private ImmutableArray<WorkerSettings> _settings;

    /// <summary>How each worker works, started or not.</summary>
    /// <exception cref="OptionsValidationException">A setting is not allowed.</exception>
    internal ImmutableArray<WorkerSettings> Settings =>
        _settings.IsDefault ? _settings = [.. registrations.Select(Read)] : _settings;

    /// <summary>Starts them all; the storage is open.</summary>
    internal async Task StartAsync(JobStorage storage, CancellationToken cancellationToken)
    {
        foreach (var settings in Settings)
        {
            var worker = new JobWorker(storage, app, settings, WorkerOwners.Current(ids.Next().Value));
            await worker.StartAsync(cancellationToken);
            ImmutableInterlocked.Update(ref _workers, static (workers, added) => workers.Add(added), worker);
        }
    }

    /// <summary>Stops them all at the same time.</summary>
    internal Task StopAsync(CancellationToken forced) =>
        Task.WhenAll(_workers.Select(worker => worker.StopAsync(forced)));

    /// <summary>The handlers that run now and have no thread of their own.</summary>
    internal IEnumerable<RunningHandler> OnPool() => _workers.SelectMany(static worker => worker.OnPool());

    /// <summary>
    /// How the workers are. The check is of the kind that a restart mends: a worker that waits for its storage is
    /// degraded, since a restart would not bring the storage back.
    /// </summary>
    internal HealthCheckResult Health(HealthStatus failure)
    {
        if (registrations.TryGetNonEnumeratedCount(out var count) && count == 0)
        {
            return HealthAnswer.Of(HealthStatus.Healthy, "This process has no worker.");
        }

        var workers = _workers;
        if (workers.IsEmpty)
        {
            return HealthAnswer.Of(
                HealthStatus.Degraded, "The workers have not started: they wait for the storage to open.");
        }

        var states = workers.Select(static worker => worker.Status).ToList();
        var facts = new Dictionary<string, object>
        {
            ["workers"] = states.Count,
            ["slots"] = states.Sum(static state => state.Concurrency),
            ["running"] = states.Sum(static state => state.Running),
            ["buffered"] = states.Sum(static state => state.Buffered),
            ["unwritten_outcomes"] = states.Sum(static state => state.Unwritten),
            ["renewal_age_seconds"] = states.Max(static state => state.RenewalAge).TotalSeconds,
        };
        if (states.Find(
            static state => state.Phase is not (WorkerPhase.Running or WorkerPhase.Stopping)) is { } idle)
        {
            return HealthAnswer.Of(failure, $"A worker is {idle.Phase}.", facts: facts);
        }

        if (outage.IsOn)
        {
            return HealthAnswer.Of(
                HealthStatus.Degraded, "The workers run no new jobs: the storage fails at the moment.", facts: facts);
        }

        return states.Find(static state => !state.IsHealthy) is { } sick
                ? HealthAnswer.Of(failure, Renewed(sick), facts: facts)
            : states.Find(static state => state.IsLate) is { } late
                ? HealthAnswer.Of(HealthStatus.Degraded, Renewed(late), facts: facts)
            : HealthAnswer.Of(
                HealthStatus.Healthy,
                $"{states.Count} workers run; {facts["running"]} of {facts["slots"]} slots are busy.",
                facts: facts);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
        {
            await worker.DisposeAsync();
        }
    }

    private static string Renewed(WorkerStatus worker) =>
        $"A worker's leases were last renewed {worker.RenewalAge.TotalSeconds:0} s ago and last "
            + $"{worker.Lease.TotalSeconds:0} s.";

    private WorkerSettings Read(WorkerRegistration registration)
    {
        var worker = options.Value.Worker.Copy();
        registration.Configure(worker);
        OptionRules.Check(worker);
        return worker.Settings(options.Value, app.Jobs);
    }
}
