using Lovage.Storage.Memory.State;

namespace Lovage.Storage.Memory;

/// <summary>What people did, in memory: oldest first.</summary>
internal sealed class MemoryAuditStore(MemoryState state) : AuditStore
{
    private readonly List<AuditRecord> _records = [];

    protected override ValueTask AppendCoreAsync(
        IReadOnlyList<AuditRecord> records, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            foreach (var record in records)
            {
                _records.Add(record with { Number = state.NextTicket(), At = state.Now });
            }
        }

        return default;
    }

    protected override ValueTask<IReadOnlyList<AuditRecord>> ListCoreAsync(
        AuditQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(_records.AsEnumerable()
                .Reverse()
                .Where(record => (query.Before is null || record.Number < query.Before)
                    && (query.By is null || record.By == query.By)
                    && (query.Action is null || record.Action == query.Action)
                    && (query.Target is null || record.Target == query.Target))
                .Take(query.Limit)
                .ToArray());
        }
    }

    protected override ValueTask<int> PruneCoreAsync(TimeSpan age, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Now;
            var old = _records.TakeWhile(record => now - record.At > age).Take(max).Count();
            _records.RemoveRange(0, old);
            return new(old);
        }
    }
}
