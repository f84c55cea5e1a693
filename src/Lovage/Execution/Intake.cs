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
    private readonly ConcurrentQueue<HeldLease> _buffer = new();
    private readonly WakeUp _arrived = new();
    private readonly Demand _demand = new(settings.Concurrency, settings.PrefetchMax, time);
    private readonly WakeUp _room = new();
    private bool _isClosed;
    private int _inFlight;
    private int _waitsForRoom;

    /// <summary>Jobs claimed and not done with.</summary>
    internal int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Takes the next claimed job, for a slot.</summary>
    internal bool TryTake([NotNullWhen(true)] out HeldLease? held) => _buffer.TryDequeue(out held);

    /// <summary>Waits until there may be one to take; false when the worker stops.</summary>
    internal async ValueTask<bool> WaitToTakeAsync()
    {
        while (!Volatile.Read(ref _isClosed))
        {
            var seen = _arrived.Version;
            if (!_buffer.IsEmpty)
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
        await using var receiver = broker.OpenReceiver(owner, settings.Queues, settings.Lease);
        var added = new List<HeldLease>();
        while (true)
        {
            quiet.ThrowIfCancellationRequested();
            var seen = _room.Version;
            var prefetch = _demand.Prefetch;
            var inFlight = InFlight;
            if (inFlight >= settings.Concurrency + (prefetch / 2))
            {
                await WaitForRoomAsync(seen, inFlight, quiet);
                continue;
            }

            var max = Math.Clamp(settings.Concurrency + prefetch - inFlight, 1, JobBroker.BatchMax);
            var received = await receiver.ReceiveAsync(max, settings.PollInterval * (0.5 + random.NextDouble()), quiet);
            if (received.Deliveries.Count == max)
            {
                // Only a full batch tells what a fetch costs: another one may have waited for jobs to come.
                _demand.FetchTook(received.AskedTimestamp);
            }

            added.Clear();
            leases.Add(received.Deliveries, received.AskedTimestamp, added);
            Interlocked.Add(ref _inFlight, added.Count);
            foreach (var held in added)
            {
                _buffer.Enqueue(held);
            }

            // Once a batch: slots that were woken by its first job would find no second one yet, and sleep again.
            _arrived.Pulse(added.Count);
        }
    }

    /// <summary>What a handler's run took, for the next fetch.</summary>
    internal void JobTook(TimeSpan duration) => _demand.JobTook(duration.TotalSeconds);

    /// <summary>A job is done with: its place may be filled.</summary>
    internal void Leave(HeldLease held)
    {
        var inFlight = Interlocked.Decrement(ref _inFlight);
        if (Volatile.Read(ref _waitsForRoom) == 1 && inFlight < settings.Concurrency + (_demand.Prefetch / 2))
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
}
