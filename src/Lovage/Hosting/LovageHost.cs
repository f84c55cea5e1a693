using System.Diagnostics.CodeAnalysis;
using Lovage.Spawning;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Lovage;

/// <summary>
/// Lovage's life within the app's: opens the storage before anything else of the app starts, starts workers once all of
/// it has started, begins to stop them when it begins to stop, so that they drain beside the web server, waits for this
/// process's tasks once the server has stopped, and closes the storage when all of it has stopped.
/// </summary>
/// <remarks>
/// A storage that cannot be used as it is (a damaged file, a missing package) fails the start. One that does not answer
/// yet does not: the app serves, enqueuing is refused with a transient <see cref="StorageException"/>, and opening is
/// tried again, 0.1 s to 5 s apart with jitter, until it answers. An app may be stopped by several at once, and again
/// after its disposal, as WebApplicationFactory and the app's own Run do it: all of them get the one stop.
/// </remarks>
internal sealed partial class LovageHost(
    JobStorage storage, StorageGate gate, WorkerSet workers, ScheduleSet schedules, LocalRunner tasks,
    StarvationWatch starvation, StartBanner banner, TimeProvider time, Random random, IServiceScopeFactory scopes,
    IEnumerable<LifetimeJob> lifetimeJobs, IOptions<HostOptions> host, ILoggerFactory loggers)
    : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan RetryMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(5);

    private readonly ILogger _logger = loggers.CreateLogger("Lovage.Host");
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _forced = new();
    private readonly TaskCompletionSource _appStarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _stopLock = new();
    private Task _opening = Task.CompletedTask;
    private Task _workersStopped = Task.CompletedTask;
    private Task? _begun;
    private Task? _drained;
    private Task? _closed;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        schedules.Check();
        banner.CheckShutdown(_logger, workers.Settings, host.Value.ShutdownTimeout);
        try
        {
            await OpenAsync(cancellationToken);
        }
        catch (StorageException fault) when (fault.IsTransient)
        {
            gate.Shut(fault.Message);
            LogNotOpen(_logger, fault, storage.Description);
            _opening = OpenLaterAsync();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        _appStarted.TrySetResult();
        starvation.Start();
        if (gate.IsOpen && _opening.IsCompleted)
        {
            await RunAsync(cancellationToken);
        }
    }

    public Task StoppingAsync(CancellationToken cancellationToken) =>
        Once(ref _begun, () => BeginStopAsync(cancellationToken));

    public Task StopAsync(CancellationToken cancellationToken) =>
        Once(ref _drained, () => DrainAsync(cancellationToken));

    public Task StoppedAsync(CancellationToken cancellationToken) => Once(ref _closed, CloseAsync);

    public void Dispose()
    {
        _stopping.Dispose();
        _forced.Dispose();
    }

    private Task Once(ref Task? step, Func<Task> run)
    {
        lock (_stopLock)
        {
            return step ??= run();
        }
    }

    private async Task BeginStopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _opening;
        try
        {
            if (gate.IsOpen)
            {
                await EnqueueAsync(atStart: false, cancellationToken);
            }
        }
        finally
        {
            await schedules.StopAsync();

            // Awaited in StopAsync: meanwhile the web server ends its requests.
            _workersStopped = workers.StopAsync(_forced.Token);
        }
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        await using var forced = cancellationToken.UnsafeRegister(
            static state => ((CancellationTokenSource)state!).Cancel(), _forced);

        // Not before: requests that the web server ended meanwhile may have left tasks.
        await Task.WhenAll(_workersStopped, tasks.StopAsync(_forced.Token));
    }

    private async Task CloseAsync()
    {
        gate.Shut("the app has stopped.");
        await storage.DisposeAsync();
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        await storage.OpenAsync(cancellationToken);
        gate.Open();
        banner.Print(_logger, workers.Settings, schedules.Ids);
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "Nobody awaits it before the app stops; what it cannot mend is logged and shown by the health "
            + "check.")]
    private async Task OpenLaterAsync()
    {
        var wait = RetryMin;
        try
        {
            while (true)
            {
                await Task.Delay(wait * (0.5 + (random.NextDouble() / 2)), time, _stopping.Token);
                try
                {
                    await OpenAsync(_stopping.Token);
                    break;
                }
                catch (StorageException fault) when (fault.IsTransient)
                {
                    gate.Shut(fault.Message);
                    wait = wait * 2 < RetryMax ? wait * 2 : RetryMax;
                }
            }

            await _appStarted.Task.WaitAsync(_stopping.Token);
            await RunAsync(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            LogStoppedUnopened(_logger);
        }
        catch (Exception fault)
        {
            gate.Shut(fault.Message);
            LogNeverOpens(_logger, fault);
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await workers.StartAsync(storage, cancellationToken);
        schedules.Start();
        await EnqueueAsync(atStart: true, cancellationToken);
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A job for the app's start or stop that cannot be enqueued, whatever the reason, must not "
            + "keep the app from either.")]
    private async Task EnqueueAsync(bool atStart, CancellationToken cancellationToken)
    {
        foreach (var job in lifetimeJobs.Where(job => job.AtStart == atStart).Select(static job => job.Job))
        {
            await using var scope = scopes.CreateAsyncScope();
            try
            {
                await scope.ServiceProvider.GetRequiredService<JobClient>().EnqueueAsync(job, cancellationToken);
            }
            catch (Exception fault)
            {
                LogLifetimeJobRefused(_logger, fault, job.Name, atStart ? "start" : "stop");
            }
        }
    }

    [LoggerMessage(
        3001,
        LogLevel.Warning,
        "Storage {Storage} does not answer yet: the app runs, enqueuing is refused, and opening is tried again")]
    private static partial void LogNotOpen(ILogger logger, Exception fault, string storage);

    [LoggerMessage(3002, LogLevel.Error, "The storage cannot be used and is not tried again; the app runs without it")]
    private static partial void LogNeverOpens(ILogger logger, Exception fault);

    [LoggerMessage(3003, LogLevel.Information, "The app stops before its workers were started")]
    private static partial void LogStoppedUnopened(ILogger logger);

    [LoggerMessage(3004, LogLevel.Error, "Job {JobName} for the app's {Moment} was not enqueued")]
    private static partial void LogLifetimeJobRefused(ILogger logger, Exception fault, string jobName, string moment);
}
