using System.Globalization;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Texts;
using Lovage.Storage;
using Lovage.Storage.Columns;
using StackExchange.Redis;

namespace Lovage.Redis;

/// <summary>What people did, in Redis: a sorted set by number.</summary>
internal sealed class RedisAuditStore(RedisServer server, RedisBroker broker) : AuditStore
{
    private const int Step = 500;

    protected override async ValueTask AppendCoreAsync(
        IReadOnlyList<AuditRecord> records, CancellationToken cancellationToken)
    {
        var arguments = server.Arguments(records.Count);
        foreach (var record in records)
        {
            arguments.Add(TextRow.Write(
                null,
                null,
                record.By,
                record.Action,
                record.Target,
                record.Before,
                record.After,
                record.Reason,
                record.Source,
                record.Address));
        }

        await server.RunAsync(RedisScript.Append, arguments, cancellationToken);
    }

    protected override async ValueTask<IReadOnlyList<AuditRecord>> ListCoreAsync(
        AuditQuery query, CancellationToken cancellationToken)
    {
        var found = new List<AuditRecord>();
        var before = query.Before ?? long.MaxValue;
        while (found.Count < query.Limit)
        {
            var page = await server.CallAsync(
                database => database.SortedSetRangeByScoreAsync(
                    server.Names.Key("audit"),
                    double.NegativeInfinity,
                    before,
                    Exclude.Stop,
                    Order.Descending,
                    0,
                    Step),
                cancellationToken);
            foreach (var record in page.Select(static entry => Read(entry.ToString())))
            {
                before = record.Number;
                if (found.Count < query.Limit
                    && (query.By is null || record.By == query.By)
                    && (query.Action is null || record.Action == query.Action)
                    && (query.Target is null || record.Target == query.Target))
                {
                    found.Add(record);
                }
            }

            if (page.Length < Step)
            {
                break;
            }
        }

        return found;
    }

    protected override async ValueTask<int> PruneCoreAsync(
        TimeSpan age, int max, CancellationToken cancellationToken)
    {
        var oldest = await broker.NowAsync(cancellationToken) - age;
        var old = await server.CallAsync(
            database => database.SortedSetRangeByScoreAsync(
                server.Names.Key("audit"), double.NegativeInfinity, RedisTime.From(oldest), Exclude.Stop, take: max),
            cancellationToken);
        return old.Length == 0
            ? 0
            : (int)await server.CallAsync(
                database => database.SortedSetRemoveAsync(server.Names.Key("audit"), old), cancellationToken);
    }

    private static AuditRecord Read(string entry)
    {
        var parts = entry.Split('|', 3);
        using var row = TextRow.Read(parts[2]);
        return AuditColumns.Read(row) with
        {
            Number = long.Parse(parts[0], CultureInfo.InvariantCulture),
            At = RedisTime.To(parts[1]),
        };
    }
}
