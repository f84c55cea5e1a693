using Lovage.Execution;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Testing;

/// <summary>
/// Takes jobs from the storage one at a time and runs them as a worker does, on the caller's own flow.
/// </summary>
internal sealed class DeliveryRunner
{
    /// <summary>
    /// Attempts in one run at the most: jobs that enqueue each other for ever are a mistake worth an error.
    /// </summary>
    internal const int AttemptsMax = 10_000;

    private static readonly WorkerOwner Owner = new("test", "0", 0, 0, "harness");

    private readonly IServiceProvider _services;
    private readonly StorageGate _gate;
    private readonly TimeProvider _time;
    private readonly WorkerSettings _settings;
    private readonly JobRegistry _jobs;
    private readonly JobRunner _runner;
    private readonly AttemptOutcomes _outcomes;

    internal DeliveryRunner(IServiceProvider services)
    {
        _services = services;
        _gate = services.GetRequiredService<StorageGate>();
        _time = services.GetRequiredService<TimeProvider>();
        _jobs = services.GetRequiredService<JobRegistry>();
        _settings = services.GetRequiredService<WorkerSet>().Settings.FirstOrDefault() ?? new WorkerSettings();
        _runner = new JobRunner(LovageServices.Filters(services));
        _outcomes = new AttemptOutcomes(_settings, Owner, services.GetRequiredService<Random>());
    }

    /// <summary>Runs what is ready in these queues until nothing is.</summary>
    /// <returns>Attempts that were run.</returns>
    internal async ValueTask<int> RunReadyAsync(
        IReadOnlyList<string> queues, bool withRetryWaits, CancellationToken cancellationToken)
    {
        var storage = _gate.Storage;
        for (var attempts = 0; attempts < AttemptsMax; attempts++)
        {
            var deliveries = queues.Count == 0 ? [] : await storage.Broker.ReceiveAsync(
                new ReceiveRequest(Owner, queues, 1, TimeSpan.FromHours(1)), cancellationToken);
            if (deliveries.Count == 0)
            {
                return attempts;
            }

            await RunAsync(storage, deliveries[0], withRetryWaits, cancellationToken);
        }

        throw new InvalidOperationException(
            $"{AttemptsMax:N0} attempts were run and there are still jobs: do they enqueue each other for ever?");
    }

    /// <summary>One attempt, apart from any storage: what it would complete in a transaction is nobody's.</summary>
    internal async ValueTask<Settlement?> AttemptAsync(Delivery delivery) =>
        (await AttemptAsync(delivery, null)).Outcome;

    /// <returns>The outcome, and whether the attempt has written it already, in a transaction.</returns>
    private async ValueTask<(Settlement? Outcome, bool IsWritten)> AttemptAsync(
        Delivery delivery, TransactionalCompletion? completion)
    {
        if (!_jobs.TryFind(delivery.Message.Name, out var definition))
        {
            return (_outcomes.Of(
                delivery,
                null,
                new AttemptEnding(AttemptEnd.UnknownJob, new UnknownJobException(delivery.Message.Name, _jobs)),
                _time.GetUtcNow()), false);
        }

        if (delivery.IsExpired)
        {
            return (
                _outcomes.Of(delivery, definition, new AttemptEnding(AttemptEnd.Expired), _time.GetUtcNow()), false);
        }

        var attempt = new JobAttempt(
            delivery,
            definition,
            _outcomes.MaxAttempts(delivery, definition),
            _services.GetRequiredService<JobSerializer>(),
            _services.GetRequiredService<IServiceScopeFactory>(),
            _settings,
            cancelInline: true)
        {
            StartedAt = _time.GetUtcNow(),
            StartedTimestamp = _time.GetTimestamp(),
            Completion = completion,
        };
        var outer = JobAttempt.Current;
        JobAttempt.Current = attempt;
        try
        {
            var ending = await _runner.RunAsync(attempt);
            attempt.TryEnd();
            if (attempt.Completed is { } completed)
            {
                var fate = await completion!.FateAsync(completed, static _ => { }, CancellationToken.None);
                if (fate == TransactionFate.Committed)
                {
                    return (completed, true);
                }

                ending = TransactionalCompletion.EndingOf(fate, ending);
            }

            return (_outcomes.Of(attempt, ending, _time.GetElapsedTime(attempt.StartedTimestamp)), false);
        }
        finally
        {
            JobAttempt.Current = outer;
        }
    }

    private async ValueTask RunAsync(
        JobStorage storage, Delivery delivery, bool withRetryWaits, CancellationToken cancellationToken)
    {
        await storage.Store.RecordStartsAsync(
            [new JobStart(delivery.Token, delivery.Message.Id, _time.GetUtcNow(), delivery.StartFirst)],
            cancellationToken);
        var (outcome, isWritten) = await AttemptAsync(delivery, new TransactionalCompletion(storage, _outcomes, _time));
        if (isWritten)
        {
            storage.Signals.Send(new Signal(SignalKind.JobEnded, null, delivery.Message.Id));
            return;
        }

        if (outcome is null)
        {
            await storage.Broker.ReleaseAsync([delivery.Token], cancellationToken);
            return;
        }

        await storage.Store.SettleAsync(
            [withRetryWaits ? outcome : outcome with { RetryDelay = TimeSpan.Zero }], cancellationToken);
    }
}
