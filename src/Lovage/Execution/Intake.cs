using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// The way of jobs into this worker: claims them by demand, keeps them in the local buffer until a slot takes them, and
/// counts those that are not done with. Offers, jobs that the worker cannot run, are declined here.
/// </summary>
internal sealed class Intake(WorkerContext worker, LeaseKeeper leases, UnknownJobs unknown)
{
    private static readonly TimeSpan QuietInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentQueue<HeldLease> _buffer = new();
    private readonly WakeUp _arrived = new();
    private readonly Demand _demand = new(worker.Time);
    private readonly WakeUp _room = new();
    private JobReceiver? _receiver;
    private bool _isClosed;
    private int _inFlight;
    private int _waitsForRoom;

    /// <summary>Jobs claimed and not done with.</summary>
    internal int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Jobs claimed and not taken by a slot.</summary>
    internal int Buffered => _buffer.Count;

    /// <summary>True when the worker stops and nothing more comes.</summary>
    internal bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>What <see cref="WaitAsync"/> compares with; read it before looking.</summary>
    internal long Version => _arrived.Version;

    /// <summary>Takes the next claimed job, for a slot.</summary>
    internal bool TryTake([NotNullWhen(true)] out HeldLease? held) => _buffer.TryDequeue(out held);

    /// <summary>Waits until there is something new for a slot since the version that it saw.</summary>
    internal Task WaitAsync(long seen) => _arrived.WaitAsync(seen);

    /// <summary>Wakes slots that wait.</summary>
    internal void Wake(int most = int.MaxValue) => _arrived.Pulse(most);

    /// <summary>The settings are new: the fetching loop goes by them from its next step on.</summary>
    internal void Renew()
    {
        // Between the new settings and the receiver: this thread finds the receiver, or the loop finds the settings.
        Interlocked.MemoryBarrier();
        Volatile.Read(ref _receiver)?.Wake();
        _room.Pulse();
    }

    /// <summary>The fetching loop; ends by an exception, of the storage or of the token.</summary>
    internal async Task<TimeSpan> FetchAsync(CancellationToken quiet)
    {
        while (true)
        {
            var seen = _room.Version;
            var settings = worker.Settings;
            await ReleaseUnservedAsync(settings);
            if (settings.IsQuiet)
            {
                await _room.WaitAsync(seen, QuietInterval, worker.Time, quiet);
                continue;
            }

            await using var receiver = worker.Storage.Broker.OpenReceiver(
                worker.Owner, settings.Queues, settings.Lease);
            Volatile.Write(ref _receiver, receiver);
            Interlocked.MemoryBarrier();
            try
            {
                await FetchAsync(receiver, settings, quiet);
            }
            finally
            {
                Volatile.Write(ref _receiver, null);
            }
        }
    }

    /// <summary>What a handler's run took, for the next fetch.</summary>
    internal void JobTook(TimeSpan duration) => _demand.JobTook(duration.TotalSeconds);

    /// <summary>A job is done with: its place may be filled.</summary>
    internal void Leave(HeldLease held)
    {
        if (!held.TakesRoom)
        {
            return;
        }

        var inFlight = Interlocked.Decrement(ref _inFlight);
        if (Volatile.Read(ref _waitsForRoom) == 1 && inFlight < Enough(worker.Settings))
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

    /// <summary>Fetches until other queues, or another lease, or no jobs are wanted.</summary>
    private async Task FetchAsync(JobReceiver receiver, WorkerSettings opened, CancellationToken quiet)
    {
        var added = new List<HeldLease>();
        while (true)
        {
            quiet.ThrowIfCancellationRequested();
            var (wakes, seen) = (receiver.Wakes, _room.Version);
            var settings = worker.Settings;
            if (!IsServedBy(settings, opened))
            {
                return;
            }

            var prefetch = _demand.Prefetch(settings);
            var inFlight = InFlight;
            if (inFlight >= settings.Concurrency + (prefetch / 2))
            {
                await WaitForRoomAsync(seen, inFlight, settings, quiet);
                continue;
            }

            var max = Math.Clamp(settings.Concurrency + prefetch - inFlight, 1, JobBroker.BatchMax);
            receiver.HoldBack = unknown.HoldBack();
            var received = await receiver.ReceiveSinceAsync(
                max, worker.Around(settings.PollInterval), wakes, quiet);
            if (received.Deliveries.Count == max)
            {
                // Only a full batch tells what a fetch costs: another one may have waited for jobs to come.
                _demand.FetchTook(received.AskedTimestamp);
            }

            added.Clear();
            leases.Add(received.Deliveries, received.AskedTimestamp, opened.Lease, added);
            var strangers = unknown.TakeFrom(added);
            if (worker.Settings is { } now && !IsServedBy(now, opened))
            {
                // They came while others were wanted already.
                await ReleaseUnservedAsync(added, now);
            }

            Interlocked.Add(ref _inFlight, added.Count);
            foreach (var held in added)
            {
                held.TakesRoom = true;
                _buffer.Enqueue(held);
            }

            // Once a batch: slots that were woken by its first job would find no second one yet, and sleep again.
            _arrived.Pulse(added.Count);
            if (strangers is not null)
            {
                await unknown.DeclineAsync(strangers);
            }
        }
    }

    private static bool IsServedBy(WorkerSettings wanted, WorkerSettings opened) =>
        ReferenceEquals(wanted, opened)
            || (wanted.Lease == opened.Lease
                && wanted.IsQuiet == opened.IsQuiet
                && wanted.Queues.AsSpan().SequenceEqual(opened.Queues.AsSpan()));

    private static bool Serves(WorkerSettings settings, HeldLease held) =>
        !settings.IsQuiet && settings.Queues.Contains(held.Delivery.Message.Queue);

    /// <summary>Releases what was claimed just now and is not to run here.</summary>
    private async ValueTask ReleaseUnservedAsync(List<HeldLease> added, WorkerSettings settings)
    {
        LeaseToken[] unserved =
            [.. added.Where(held => !Serves(settings, held)).Select(static held => held.Delivery.Token)];
        added.RemoveAll(held => !Serves(settings, held));
        await leases.ReleaseAsync(unserved, worker.Report, worker.Stopped);
    }

    /// <summary>Releases what no slot has taken and is not to run here.</summary>
    private async ValueTask ReleaseUnservedAsync(WorkerSettings settings)
    {
        var unserved = new List<LeaseToken>();
        for (var left = _buffer.Count; left > 0 && TryTake(out var held); left--)
        {
            if (Serves(settings, held))
            {
                _buffer.Enqueue(held);
            }
            else
            {
                unserved.Add(held.Delivery.Token);
                Interlocked.Decrement(ref _inFlight);
            }
        }

        // A slot may have found the buffer empty meanwhile.
        _arrived.Pulse();
        await leases.ReleaseAsync(unserved, worker.Report, worker.Stopped);
    }

    private int Enough(WorkerSettings settings) => settings.Concurrency + (_demand.Prefetch(settings) / 2);

    private async ValueTask WaitForRoomAsync(
        long seen, int inFlight, WorkerSettings settings, CancellationToken quiet)
    {
        Volatile.Write(ref _waitsForRoom, 1);
        Interlocked.MemoryBarrier();
        if (InFlight == inFlight)
        {
            await _room.WaitAsync(seen, settings.PollInterval, worker.Time, quiet);
        }

        Volatile.Write(ref _waitsForRoom, 0);
    }
}
