using Lovage.Diagnostics;
using Lovage.Spawning;
using Microsoft.Extensions.Hosting;

namespace Lovage;

/// <summary>
/// Starts and stops Lovage with the app. It opens the storage before other services start, and starts the workers once
/// the app has started. When the app begins to stop, the workers and the time of spawned tasks begin to stop too, so
/// they drain beside the web server. Once all services have stopped, the server among them, it accepts no more tasks of
/// this process and waits for those that are left. It closes the storage last.
/// </summary>
/// <remarks>
/// A storage that cannot be used as it is (a damaged file, a missing package) fails the start. A storage that does not
/// answer yet does not: the app serves, and enqueuing is refused with a transient <see cref="StorageException"/>. The
/// app tries again to open it, 0.1 s to 5 s apart with jitter, until it answers. Several callers may stop an app at
/// once, and again after its disposal, as WebApplicationFactory and the app's own Run do: all of them get the one stop.
/// </remarks>
internal sealed class LovageHost(
    StorageOpening storage, WorkerSet workers, ScheduleSet schedules, LocalRunner tasks, StarvationWatch starvation,
    StartBanner banner, LifetimeJobs lifetimeJobs)
    : IHostedLifecycleService, IDisposable
{
    private readonly StorageOpening _storage = storage;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _forced = new();
    private readonly TaskCompletionSource _appStarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _stopLock = new();
    private readonly List<CancellationTokenRegistration> _patience = [];
    private Task _opening = Task.CompletedTask;
    private Task _workersStopped = Task.CompletedTask;
    private Task? _begun;
    private Task? _drained;
    private Task? _closed;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        schedules.Check();
        banner.CheckShutdown(workers.Settings);

        // What starts here outlives the start, and must not carry its trace, culture or other ambient state.
        if (await AmbientState.Without(
            (Storage: _storage, cancellationToken), static open => open.Storage.TryOpenAsync(open.cancellationToken)))
        {
            banner.Print(workers.Settings, schedules.Ids);
        }
        else
        {
            _opening = AmbientState.Without(
                this, static host => host._storage.OpenLaterAsync(host.RunLaterAsync, host._stopping.Token));
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        _appStarted.TrySetResult();
        starvation.Start();
        if (_storage.IsOpen && _opening.IsCompleted)
        {
            await AmbientState.Without(
                (Host: this, cancellationToken), static start => start.Host.RunAsync(start.cancellationToken));
        }
    }

    public Task StoppingAsync(CancellationToken cancellationToken) =>
        Once(ref _begun, () => BeginStopAsync(cancellationToken));

    public Task StopAsync(CancellationToken cancellationToken) =>
        Once(ref _drained, () => DrainAsync(cancellationToken));

    public Task StoppedAsync(CancellationToken cancellationToken) =>
        Once(ref _closed, () => CloseAsync(cancellationToken));

    public void Dispose()
    {
        _patience.ForEach(static registration => registration.Dispose());
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

    /// <summary>Runs at each step of the stop, under the lock.</summary>
    private void Heed(CancellationToken cancellationToken) => _patience.Add(
        cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _forced));

    private async Task BeginStopAsync(CancellationToken cancellationToken)
    {
        Heed(cancellationToken);
        tasks.BeginStop(_forced.Token);
        await _stopping.CancelAsync();
        await _opening;
        try
        {
            if (_storage.IsOpen)
            {
                await lifetimeJobs.EnqueueAsync(atStart: false, cancellationToken);
            }
        }
        finally
        {
            await schedules.StopAsync();

            // StopAsync awaits it: meanwhile the web server ends its requests.
            _workersStopped = workers.StopAsync(_forced.Token);
        }
    }

    private Task DrainAsync(CancellationToken cancellationToken)
    {
        Heed(cancellationToken);
        return _workersStopped;
    }

    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        Heed(cancellationToken);
        try
        {
            // Only now, whatever the order of the services: requests that have just ended may have left tasks.
            await tasks.StopAsync(_forced.Token);
        }
        finally
        {
            await _storage.CloseAsync();
        }
    }

    private async Task RunLaterAsync()
    {
        banner.Print(workers.Settings, schedules.Ids);
        await _appStarted.Task.WaitAsync(_stopping.Token);
        await RunAsync(_stopping.Token);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await workers.StartAsync(_storage.Storage, cancellationToken);
        schedules.Start();
        await lifetimeJobs.EnqueueAsync(atStart: true, cancellationToken);
    }
}
