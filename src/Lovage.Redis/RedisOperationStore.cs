using Lovage.Redis.Connections;
using Lovage.Redis.Reading;
using Lovage.Redis.Texts;
using Lovage.Storage;
using Lovage.Storage.Columns;
using StackExchange.Redis;

namespace Lovage.Redis;

/// <summary>
/// Bulk operations in Redis. They are few: a call reads them all, and writes one if it is still as it was.
/// </summary>
internal sealed class RedisOperationStore(RedisServer server, RedisBroker broker, SignalBus signals)
    : OperationStore(signals)
{
    private const string Rows = "operations";
    private const string Order = "operations:order";
    private const string Numbers = "operations:number";

    protected override async ValueTask<BulkOperation> AddCoreAsync(
        BulkOperation operation, CancellationToken cancellationToken)
    {
        var number = await server.CallAsync(
            database => database.StringIncrementAsync(server.Names.Key(Numbers)), cancellationToken);
        var added = new Entry(
            operation with { Number = number, CreatedAt = await broker.NowAsync(cancellationToken) },
            null,
            DateTimeOffset.UnixEpoch,
            "");
        return await SwapAsync(added, added, cancellationToken)
            ? added.Operation
            : (await FindEntryAsync(operation.Id, cancellationToken))?.Operation ?? added.Operation;
    }

    protected override async ValueTask<BulkOperation?> FindCoreAsync(string id, CancellationToken cancellationToken) =>
        (await FindEntryAsync(id, cancellationToken))?.Operation;

    protected override async ValueTask<IReadOnlyList<BulkOperation>> ListCoreAsync(
        long? before, int max, CancellationToken cancellationToken)
    {
        var ids = await server.CallAsync(
            database => database.SortedSetRangeByScoreAsync(
                server.Names.Key(Order),
                0,
                before ?? double.PositiveInfinity,
                before is null ? Exclude.None : Exclude.Stop,
                StackExchange.Redis.Order.Descending,
                take: max),
            cancellationToken);
        return [.. (await ReadAsync(ids, cancellationToken)).Select(static entry => entry.Operation)];
    }

    protected override ValueTask<BulkOperation?> TakeCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken) => ChangeAsync(
        null,
        (entries, now) =>
        {
            var running = entries.Where(static entry => entry.Operation.State == BulkState.Running).ToList();
            var taken = running.Find(entry => entry.Owner == owner) ?? running.Find(entry => !entry.IsHeld(now));
            return taken is null
                ? null
                : (taken, taken with
                {
                    Owner = owner,
                    Until = now + lease,
                    Operation = taken.Operation with { ReportedAt = now },
                });
        },
        cancellationToken);

    protected override ValueTask<BulkOperation?> ReportCoreAsync(
        string owner, BulkOperation operation, TimeSpan lease, CancellationToken cancellationToken) => ChangeAsync(
        operation.Id,
        (entries, now) =>
        {
            if (entries is not [{ Operation.State: BulkState.Running } entry] || entry.Owner != owner)
            {
                return null;
            }

            var hasEnded = operation.State != BulkState.Running;
            return (entry, entry with
            {
                Owner = hasEnded ? null : owner,
                Until = now + lease,
                Operation = entry.Operation with
                {
                    State = operation.State,
                    Done = operation.Done,
                    Skipped = operation.Skipped,
                    Error = operation.Error,
                    Next = operation.Next,
                    ReportedAt = now,
                    FinishedAt = hasEnded ? now : null,
                    CancelRequested = !hasEnded && entry.Operation.CancelRequested,
                },
            });
        },
        cancellationToken);

    protected override async ValueTask<BulkOperation?> CancelCoreAsync(
        string id, CancellationToken cancellationToken) =>
        await ChangeAsync(
            id,
            static (entries, now) => entries is not [{ Operation.State: BulkState.Running } entry] ? null
                : entry.IsHeld(now) ? (entry, entry with
                {
                    Operation = entry.Operation with { CancelRequested = true },
                })
                : (entry, entry with
                {
                    Owner = null,
                    Operation = entry.Operation with
                    {
                        State = BulkState.Cancelled,
                        FinishedAt = now,
                        CancelRequested = false,
                    },
                }),
            cancellationToken) ?? await FindCoreAsync(id, cancellationToken);

    protected override async ValueTask<int> PruneCoreAsync(
        TimeSpan age, int max, CancellationToken cancellationToken)
    {
        var now = await broker.NowAsync(cancellationToken);
        var old = (await ReadAsync(null, cancellationToken))
            .Where(entry => now - entry.Operation.FinishedAt > age)
            .OrderBy(static entry => entry.Operation.FinishedAt)
            .Take(max);
        var count = 0;
        foreach (var entry in old)
        {
            count += await SwapAsync(entry, null, cancellationToken) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Reads, decides and writes, again as long as another process was faster.</summary>
    private async ValueTask<BulkOperation?> ChangeAsync(
        string? id,
        Func<IReadOnlyList<Entry>, DateTimeOffset, (Entry Before, Entry After)?> decide,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            var now = await broker.NowAsync(cancellationToken);
            var entries = await ReadAsync(id is null ? null : [id], cancellationToken);
            if (decide(entries, now) is not { } change)
            {
                return null;
            }

            if (await SwapAsync(change.Before, change.After, cancellationToken))
            {
                return change.After.Operation;
            }
        }
    }

    private async Task<bool> SwapAsync(Entry before, Entry? after, CancellationToken cancellationToken)
    {
        var arguments = server.Arguments(6);
        arguments.Add(Rows);
        arguments.Add(before.Operation.Id);
        arguments.Add(before.Row);
        arguments.Add(after?.Write() ?? "");
        arguments.Add(Order);
        arguments.Add(before.Operation.Number);
        return (await server.RunAsync(RedisScript.Swap, arguments, cancellationToken)).Value() == 1;
    }

    private async Task<Entry?> FindEntryAsync(string id, CancellationToken cancellationToken) =>
        await ReadAsync([id], cancellationToken) is [var entry] ? entry : null;

    /// <summary>In the order asked for; all of them, the oldest first, for null.</summary>
    private async Task<IReadOnlyList<Entry>> ReadAsync(RedisValue[]? ids, CancellationToken cancellationToken)
    {
        ids ??= await server.CallAsync(
            database => database.SortedSetRangeByRankAsync(server.Names.Key(Order)), cancellationToken);
        if (ids.Length == 0)
        {
            return [];
        }

        var rows = await server.CallAsync(
            database => database.HashGetAsync(server.Names.Key(Rows), ids), cancellationToken);
        return [.. rows.Where(static row => !row.IsNull).Select(static row => Entry.Read(row.ToString()))];
    }

    /// <summary>An operation, and which process holds it until when.</summary>
    private sealed record Entry(BulkOperation Operation, string? Owner, DateTimeOffset Until, string Row)
    {
        private const int OwnerColumn = 20;

        internal bool IsHeld(DateTimeOffset now) => Owner is not null && Until > now;

        internal static Entry Read(string text)
        {
            using var row = TextRow.Read(text);
            return new Entry(
                OperationColumns.Read(row),
                row.TextOrNull(OwnerColumn),
                StorageTime.To(row.Int64(OwnerColumn + 1)),
                text);
        }

        internal string Write()
        {
            var o = Operation;
            return TextRow.Write(
                o.Id,
                (int)o.Action,
                JobQueryJson.ToJson(o.Filter),
                o.Target?.Queue,
                o.Target?.Priority,
                o.By,
                o.Reason,
                o.Spread.Ticks,
                o.Expected.Value,
                o.Expected.IsExact,
                StorageTime.From(o.CreatedAt),
                StorageTime.From(o.ReportedAt),
                StorageTime.From(o.FinishedAt),
                (int)o.State,
                o.Done,
                o.Skipped,
                o.Error,
                o.Next,
                o.CancelRequested,
                o.Number,
                Owner,
                StorageTime.From(Until));
        }
    }
}
