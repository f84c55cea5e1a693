using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// The way of jobs into this worker: claims them by demand, keeps them in the local buffer until a slot takes them, and
/// counts those that are not done with.
/// </summary>
internal sealed class Intake(
    JobBroker broker, LeaseKeeper leases, WorkerSettings settings, WorkerOwner owner, TimeProvider time, Random random)
{
    // What came back from a dead owner must not wait behind what was fetched ahead.
    private readonly ConcurrentQueue<HeldLease> _first = new();
    private readonly ConcurrentQueue<HeldLease> _buffer = new();
    private readonly WakeUp _arrived = new();
    private readonly Demand _demand = new(settings.Concurrency, settings.PrefetchMax, time);
    private readonly WakeUp _room = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<LeaseToken, long?> _reclaimed = [];
    private bool _reclaimedEnded;
    private ReceiveRequest? _passesOver;
    private bool _isClosed;
    private int _inFlight;
    private int _waitsForRoom;

    /// <summary>Jobs claimed and not done with.</summary>
    internal int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Takes the next claimed job, for a slot.</summary>
    internal bool TryTake([NotNullWhen(true)] out HeldLease? held) =>
        _first.TryDequeue(out held) || _buffer.TryDequeue(out held);

    /// <summary>Waits until there may be one to take; false when the worker stops.</summary>
    internal async ValueTask<bool> WaitToTakeAsync()
    {
        while (!Volatile.Read(ref _isClosed))
        {
            var seen = _arrived.Version;
            if (!_first.IsEmpty || !_buffer.IsEmpty)
            {
                return true;
            }

            await _arrived.WaitAsync(seen);
        }

        return false;
    }

    /// <summary>The fetching loop; ends by an exception, of the storage or of the token.</summary>
    internal async Task<TimeSpan> FetchAsync(CancellationToken quiet)
    {
        var added = new List<HeldLease>();
        ReceiveRequest? last = null;
        while (true)
        {
            quiet.ThrowIfCancellationRequested();
            var seen = _room.Version;
            var prefetch = _demand.Prefetch;
            var withReclaimed = MayTakeReclaimed(out var reclaimedIsDue);
            var inFlight = InFlight;
            if (inFlight >= settings.Concurrency + (prefetch / 2)
                && !(reclaimedIsDue && inFlight < settings.Concurrency + prefetch))
            {
                await WaitForRoomAsync(seen, inFlight, quiet);
                continue;
            }

            var max = Math.Clamp(settings.Concurrency + prefetch - inFlight, 1, JobBroker.BatchMax);
            var request = (last?.Next(max) ?? new ReceiveRequest(owner, settings.Queues, max, settings.Lease)) with
            {
                Wait = settings.PollInterval * (0.5 + random.NextDouble()),
                WithReclaimed = withReclaimed,
            };
            PassesOver(withReclaimed ? null : request);
            var deliveries = await broker.ReceiveAsync(request, quiet);
            PassesOver(null);
            last = request;
            if (deliveries.Count == request.Max)
            {
                // Only a full batch tells what a fetch costs: another one may have waited for jobs to come.
                _demand.FetchTook(request.AskedTimestamp);
            }

            added.Clear();
            leases.Add(deliveries, request.AskedTimestamp, added);
            Interlocked.Add(ref _inFlight, added.Count);
            foreach (var held in added)
            {
                if (held.Delivery.StartFirst)
                {
                    lock (_lock)
                    {
                        _reclaimed[held.Delivery.Token] = null;
                    }

                    _first.Enqueue(held);
                }
                else
                {
                    _buffer.Enqueue(held);
                }
            }

            // Once a batch: slots that were woken by its first job would find no second one yet, and sleep again.
            _arrived.Pulse(added.Count);
        }
    }

    /// <summary>What a handler's run took, for the next fetch.</summary>
    internal void JobTook(TimeSpan duration) => _demand.JobTook(duration.TotalSeconds);

    /// <summary>A job that came back from a dead owner is about to run: from now on it is watched.</summary>
    internal void Starts(HeldLease reclaimed)
    {
        lock (_lock)
        {
            _reclaimed[reclaimed.Delivery.Token] = time.GetTimestamp();
        }
    }

    /// <summary>A job is done with: its place may be filled.</summary>
    internal void Leave(HeldLease held)
    {
        if (held.Delivery.StartFirst)
        {
            lock (_lock)
            {
                _reclaimed.Remove(held.Delivery.Token);
                _reclaimedEnded = true;
                TakeReclaimedNeedsLock();
            }
        }

        var inFlight = Interlocked.Decrement(ref _inFlight);
        if (Volatile.Read(ref _waitsForRoom) == 1
            && (held.Delivery.StartFirst || inFlight < settings.Concurrency + (_demand.Prefetch / 2)))
        {
            _room.Pulse();
        }
    }

    /// <summary>Closes the buffer and empties it of what no slot has taken. The fetching loop has ended.</summary>
    internal List<LeaseToken> Close()
    {
        var unstarted = new List<LeaseToken>();
        while (TryTake(out var held))
        {
            unstarted.Add(held.Delivery.Token);
            Interlocked.Decrement(ref _inFlight);
        }

        Volatile.Write(ref _isClosed, true);
        _arrived.Pulse();
        return unstarted;
    }

    private async ValueTask WaitForRoomAsync(long seen, int inFlight, CancellationToken quiet)
    {
        Volatile.Write(ref _waitsForRoom, 1);
        Interlocked.MemoryBarrier();
        if (InFlight == inFlight)
        {
            await _room.WaitAsync(seen, settings.PollInterval, time, quiet);
        }

        Volatile.Write(ref _waitsForRoom, 0);
    }

    /// <summary>A fetch is under way that is given nothing that came back from a dead owner; null for none.</summary>
    private void PassesOver(ReceiveRequest? request)
    {
        lock (_lock)
        {
            _passesOver = request;
            TakeReclaimedNeedsLock();
        }
    }

    /// <summary>
    /// With nothing else to fetch the next such job would wait for the end of that fetch: many of them took a poll
    /// each.
    /// </summary>
    private void TakeReclaimedNeedsLock()
    {
        if (_passesOver is { } request && MayTakeReclaimedNeedsLock())
        {
            _passesOver = null;
            request.TakeReclaimedToo();
            broker.LookAgain();
        }
    }

    /// <summary>
    /// One job that came back from a dead owner is watched at a time, so that a killer cannot condemn others; one that
    /// has run for as long as a lease no longer keeps the next waiting.
    /// </summary>
    private bool MayTakeReclaimed(out bool isDue)
    {
        lock (_lock)
        {
            var may = MayTakeReclaimedNeedsLock();
            isDue = _reclaimedEnded && may;
            _reclaimedEnded = false;
            return may;
        }
    }

    private bool MayTakeReclaimedNeedsLock()
    {
        var may = true;
        foreach (var since in _reclaimed.Values)
        {
            may &= since is { } started && time.GetElapsedTime(started) >= settings.Lease;
        }

        return may;
    }
}
