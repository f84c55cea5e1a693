using Lovage.Diagnostics;
using Lovage.Execution;
using Lovage.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lovage;

/// <summary>
/// Carries out bulk operations in this process, whether it has workers or not: from when the storage is open until the
/// app stops.
/// </summary>
internal sealed class OperationLoop(
    StorageGate gate, JobIdSource ids, TimeProvider time, StorageOutage outage, ILoggerFactory loggers)
    : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private int _isStopped;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = AmbientState.Without(this, static loop => loop.RunAsync());
        return Task.CompletedTask;
    }

    /// <summary>Ends before the storage is closed. Calling it again, or after the disposal, does no harm.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isStopped, 1) == 0)
        {
            await _stopping.CancelAsync();
        }

        await _running;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isStopped, 1) == 0)
        {
            _stopping.Cancel();
        }

        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var stopped = _stopping.Token;
        try
        {
            await gate.OpenedAsync(stopped);
            var report = new OperationReport(loggers.Guarded("Lovage.Operations"), outage);
            await new OperationRunner(WorkerOwners.Current(ids.Next().Value).Key, time, report)
                .RunAsync(gate.Storage, stopped);
        }
        catch (OperationCanceledException)
        {
            // The app stops before the storage was open.
        }
    }
}
