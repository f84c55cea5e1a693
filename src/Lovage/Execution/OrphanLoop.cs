using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Runs orphans, the jobs that came back from dead owners, one after the other: claims one on a free slot, and looks
/// for the next once its outcome is written or its claim has ended otherwise.
/// </summary>
/// <remarks>
/// A job may have killed its owner. One at a time, with its start written ahead, a job that kills its process is told
/// from those that merely ran beside it. An orphan that has run for as long as a lease keeps the next no longer.
/// </remarks>
internal sealed class OrphanLoop(WorkerContext worker, SlotPool pool, LeaseKeeper leases, UnknownJobs unknown)
    : IAsyncDisposable
{
    private readonly List<HeldLease> _added = [];
    private JobReceiver? _receiver;
    private WorkerSettings _opened = worker.Settings;

    /// <summary>Looks for one orphan and waits until it is done with; returns the wait until the next look.</summary>
    internal async Task<TimeSpan> LookAsync(CancellationToken quiet)
    {
        var receiver = await OpenAsync();
        var held = _opened.IsQuiet
            ? null
            : await pool.ClaimAndRunAsync(() => ClaimAsync(receiver, _opened, quiet), quiet);
        if (held is null)
        {
            // New settings end the wait.
            return worker.Around(worker.Settings.PollInterval);
        }

        await WaitUntilDoneAsync(held, receiver.Options.Lease, quiet);
        return TimeSpan.Zero;
    }

    public async ValueTask DisposeAsync()
    {
        if (_receiver is not null)
        {
            await _receiver.DisposeAsync();
            _receiver = null;
        }
    }

    /// <summary>Waits until the claim has ended, or the handler has run for as long as a lease.</summary>
    private async ValueTask WaitUntilDoneAsync(HeldLease held, TimeSpan lease, CancellationToken quiet)
    {
        while (leases.Holds(held.Delivery.Token))
        {
            var rest = held.Attempt?.StartedTimestamp is { } started
                ? lease - worker.Time.GetElapsedTime(started)
                : lease;
            if (rest <= TimeSpan.Zero)
            {
                return;
            }

            await leases.WaitUntilGoneAsync(held.Delivery.Token, rest, quiet);
        }
    }

    private async ValueTask<JobReceiver> OpenAsync()
    {
        var settings = worker.Settings;
        if (_receiver is null || settings != _opened)
        {
            await DisposeAsync();
            _opened = settings;
            _receiver = worker.Storage.Broker.OpenReceiver(worker.Owner, settings.Queues, settings.Lease);
        }

        return _receiver;
    }

    private async Task<HeldLease?> ClaimAsync(JobReceiver receiver, WorkerSettings opened, CancellationToken quiet)
    {
        if (worker.Settings != opened)
        {
            // They changed while this claim waited for a slot.
            return null;
        }

        var received = await receiver.ReceiveOrphanAsync(TimeSpan.Zero, quiet);
        if (received.Deliveries.Count == 0)
        {
            return null;
        }

        _added.Clear();
        leases.Add(received.Deliveries, received.AskedTimestamp, receiver.Options.Lease, _added);
        var held = _added[0];
        unknown.Find(held);
        if (!quiet.IsCancellationRequested && !worker.Settings.IsQuiet)
        {
            return held;
        }

        await leases.ReleaseAsync([held.Delivery.Token], worker.Report, worker.Stopped);
        return null;
    }
}
