using Lovage.Storage.Memory.State;

namespace Lovage.Storage.Memory;

/// <summary>Bulk operations in memory, and which process holds each.</summary>
internal sealed class MemoryOperationStore(MemoryState state, SignalBus signals) : OperationStore(signals)
{
    private readonly List<Entry> _entries = [];
    private long _newest;

    public override bool IsShared => false;

    protected override ValueTask<BulkOperation> AddCoreAsync(
        BulkOperation operation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            if (Find(operation.Id) is { } known)
            {
                return new(known.Operation);
            }

            var added = new Entry(operation with { Number = ++_newest, CreatedAt = state.Now });
            _entries.Add(added);
            return new(added.Operation);
        }
    }

    protected override ValueTask<BulkOperation?> FindCoreAsync(string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(Find(id)?.Operation);
        }
    }

    protected override ValueTask<IReadOnlyList<BulkOperation>> ListCoreAsync(
        long? before, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(_entries.AsEnumerable()
                .Reverse()
                .Select(static entry => entry.Operation)
                .SkipWhile(operation => operation.Number >= before)
                .Take(max)
                .ToArray());
        }
    }

    protected override ValueTask<BulkOperation?> TakeCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var taken = _entries.Find(entry => entry.IsRunning && entry.Owner == owner)
                ?? _entries.Find(entry => entry.IsRunning && !IsHeld(entry));
            if (taken is null)
            {
                return new((BulkOperation?)null);
            }

            (taken.Owner, taken.Until) = (owner, state.TimestampAfter(lease));
            return new(taken.Operation = taken.Operation with { ReportedAt = state.Now });
        }
    }

    protected override ValueTask<BulkOperation?> ReportCoreAsync(
        string owner, BulkOperation operation, TimeSpan lease, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            if (Find(operation.Id) is not { IsRunning: true } entry || entry.Owner != owner)
            {
                return new((BulkOperation?)null);
            }

            var hasEnded = operation.State != BulkState.Running;
            (entry.Owner, entry.Until) = hasEnded ? (null, 0) : (owner, state.TimestampAfter(lease));
            return new(entry.Operation = entry.Operation with
            {
                State = operation.State,
                Done = operation.Done,
                Skipped = operation.Skipped,
                Error = operation.Error,
                Next = operation.Next,
                ReportedAt = state.Now,
                FinishedAt = hasEnded ? state.Now : null,
                CancelRequested = !hasEnded && entry.Operation.CancelRequested,
            });
        }
    }

    protected override ValueTask<BulkOperation?> CancelCoreAsync(string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            if (Find(id) is not { IsRunning: true } entry)
            {
                return new(Find(id)?.Operation);
            }

            if (IsHeld(entry))
            {
                return new(entry.Operation = entry.Operation with { CancelRequested = true });
            }

            entry.Owner = null;
            return new(entry.Operation = entry.Operation with
            {
                State = BulkState.Cancelled,
                FinishedAt = state.Now,
                CancelRequested = false,
            });
        }
    }

    protected override ValueTask<int> PruneCoreAsync(TimeSpan age, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Now;
            var old = _entries.Where(entry => now - entry.Operation.FinishedAt > age)
                .OrderBy(static entry => entry.Operation.FinishedAt)
                .Take(max)
                .ToHashSet();
            return new(_entries.RemoveAll(old.Contains));
        }
    }

    private Entry? Find(string id) => _entries.Find(entry => entry.Operation.Id == id);

    private bool IsHeld(Entry entry) => entry.Owner is not null && entry.Until > state.Timestamp;

    private sealed class Entry(BulkOperation operation)
    {
        internal BulkOperation Operation { get; set; } = operation;

        internal string? Owner { get; set; }

        internal long Until { get; set; }

        internal bool IsRunning => Operation.State == BulkState.Running;
    }
}
