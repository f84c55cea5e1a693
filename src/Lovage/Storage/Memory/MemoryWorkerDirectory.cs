using Lovage.Storage.Memory.State;

namespace Lovage.Storage.Memory;

/// <summary>The live workers of this process.</summary>
internal sealed class MemoryWorkerDirectory(MemoryState state) : WorkerDirectory
{
    private readonly Dictionary<string, (WorkerBeat Beat, DateTimeOffset At, long Timestamp)> _workers = new(
        StringComparer.Ordinal);

    protected override ValueTask BeatCoreAsync(WorkerBeat beat, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            RemoveDead();
            _workers[beat.Owner.Key] = (beat, state.Now, state.TimestampAfter(LiveTime));
        }

        return default;
    }

    protected override ValueTask LeaveCoreAsync(WorkerOwner owner, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            _workers.Remove(owner.Key);
        }

        return default;
    }

    protected override ValueTask<IReadOnlyList<WorkerRecord>> ListCoreAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            RemoveDead();
            return new(_workers.Values
                .OrderBy(static worker => worker.Beat.StartedAt)
                .ThenBy(static worker => worker.Beat.Owner.Key, StringComparer.Ordinal)
                .Select(static worker => ToRecord(worker.Beat, worker.At))
                .ToArray());
        }
    }

    private void RemoveDead()
    {
        var timestamp = state.Timestamp;
        foreach (var (key, worker) in _workers)
        {
            if (worker.Timestamp <= timestamp)
            {
                _workers.Remove(key);
            }
        }
    }

    private static WorkerRecord ToRecord(WorkerBeat beat, DateTimeOffset at) => new()
    {
        Owner = beat.Owner.Key,
        Host = beat.Host,
        ProcessId = beat.Owner.ProcessId,
        Version = beat.Version,
        StartedAt = beat.StartedAt,
        BeatAt = at,
        Queues = beat.Queues,
        Slots = beat.Slots,
        Running = beat.Running,
        IsQuiet = beat.IsQuiet,
        Names = beat.Names.Names,
        Parameters = beat.Names.Parameters,
        Jobs = beat.Names.Jobs,
    };
}
