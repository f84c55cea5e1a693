using System.Globalization;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Reading;
using Lovage.Redis.Texts;
using Lovage.Storage;
using Lovage.Storage.Plans;
using StackExchange.Redis;

namespace Lovage.Redis;

/// <summary>Reads jobs in Redis.</summary>
internal sealed class RedisJobHistory(RedisServer server, RedisBroker broker) : JobHistory
{
    public override JobQualifiers Qualifiers => JobQualifiers.All;

    protected override async ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        [.. (await StoredJob.FindAsync(server, ids, cancellationToken)).Select(static job => job?.ToRecord())];

    protected override async ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken)
    {
        // One more than the page tells whether there is another.
        var pages = new HistoryPages(server, query);
        var found = await pages.TakeAsync(PageBounds.Before(query), query.Limit + 1, cancellationToken);
        var next = found.Count > query.Limit
            ? found[query.Limit - 1].Front.Number
            : pages.StoppedAt?.ToString(CultureInfo.InvariantCulture);
        return new JobPage([.. found.Take(query.Limit).Select(static job => job.ToRecord())], next)
        {
            IsPartial = found.Count <= query.Limit && pages.StoppedAt is not null,
        };
    }

    protected override async ValueTask<BoundedCount> CountCoreAsync(
        JobQuery query, int max, CancellationToken cancellationToken)
    {
        var pages = new HistoryPages(server, query);
        if (pages.IsIndexed)
        {
            var all = await pages.CountAsync(cancellationToken);
            return new BoundedCount(Math.Min(all, max), all < max);
        }

        var count = (await pages.TakeAsync(long.MaxValue, max, cancellationToken)).Count;
        return new BoundedCount(count, count < max && pages.StoppedAt is null);
    }

    protected override async ValueTask<IReadOnlyList<ScheduledJob?>> NewestOfSchedulesCoreAsync(
        IReadOnlyList<string> schedules, CancellationToken cancellationToken)
    {
        var newest = await server.CallAsync(
            database => Task.WhenAll(schedules.Select(schedule => database.SortedSetRangeByRankAsync(
                server.Names.Key("m:" + MarkText.Write(JobMarkKind.Schedule, schedule)), -1, -1))),
            cancellationToken);
        JobId[] ids = [.. newest.Where(static id => id.Length > 0).Select(static id => JobId.Parse(id[0].ToString()))];
        var jobs = (await StoredJob.FindAsync(server, [.. ids.Distinct()], cancellationToken))
            .OfType<StoredJob>()
            .ToDictionary(static job => job.Id.Value, StringComparer.Ordinal);
        return
        [
            .. newest.Select(id => id.Length > 0 && jobs.TryGetValue(id[0].ToString(), out var job)
                ? new ScheduledJob(job.Id, job.State)
                : null),
        ];
    }

    protected override async ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken)
    {
        if ((await StoredJob.FindAsync(server, [id], cancellationToken))[0] is not { } job)
        {
            return [];
        }

        var kept = await server.CallAsync(
            database => database.ListRangeAsync(server.Names.Key("a:" + id.Value)), cancellationToken);
        var attempts = kept.Select(static attempt => AttemptText.Read((ReadOnlyMemory<byte>)attempt));
        return [.. job.PlainAttempt is { } plain ? attempts.Append(plain) : attempts];
    }

    protected override async ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken)
    {
        var sums = await server.CallAsync(
            database => database.HashGetAllAsync(server.Names.Key("counters")), cancellationToken);
        return [.. Sums.Group(sums).Select(static group => group.ToCounter())];
    }

    protected override async ValueTask<IReadOnlyList<JobStatistics>> StatisticsCoreAsync(
        StatisticsQuery query, CancellationToken cancellationToken)
    {
        var until = query.Until ?? await broker.NowAsync(cancellationToken);
        var hours = await server.CallAsync(
            database => database.SortedSetRangeByRankAsync(server.Names.Key("hours")), cancellationToken);
        var wanted = hours.Select(static hour => (Name: hour, Start: Sums.Start((long)hour)))
            .Where(hour => hour.Start.AddHours(1) > query.Since && hour.Start <= until)
            .ToArray();
        var sums = await server.CallAsync(
            database => Task.WhenAll(wanted.Select(
                hour => database.HashGetAllAsync(server.Names.Key("h:" + hour.Name)))),
            cancellationToken);
        return
        [
            .. wanted.Zip(sums, static (hour, of) => Sums.Group(of).Select(group => group.ToStatistics(hour.Start)))
                .SelectMany(static of => of)
                .Where(of => (query.Queue is null || of.Queue == query.Queue)
                    && (query.Name is null || of.Name == query.Name))
                .OrderBy(static of => of.Hour)
                .ThenBy(static of => of.Queue, StringComparer.Ordinal)
                .ThenBy(static of => of.Name, StringComparer.Ordinal),
        ];
    }

    protected override async ValueTask<IReadOnlyList<FailureGroup>> FailuresCoreAsync(
        FailureQuery query, CancellationToken cancellationToken)
    {
        var now = await broker.NowAsync(cancellationToken);
        var causes = query.Fingerprint is { } one
            ? [one]
            : await server.CallAsync(
                database => database.SortedSetRangeByScoreAsync(
                    server.Names.Key("failures"),
                    query.Since is { } since ? RedisTime.From(since) : double.NegativeInfinity,
                    order: Order.Descending),
                cancellationToken);
        var groups = await server.CallAsync(
            database => Task.WhenAll(causes.Select(
                cause => database.HashGetAllAsync(server.Names.Key("f:" + cause)))),
            cancellationToken);
        return
        [
            .. causes.Zip(groups, (cause, fields) => FailureText.Read(cause.ToString(), fields, now))
                .OfType<FailureGroup>()
                .Where(group => (query.Since is null || group.LastAt >= query.Since)
                    && (query.Name is null || group.Name == query.Name))
                .OrderByDescending(static group => group.LastAt)
                .ThenBy(static group => group.Fingerprint, StringComparer.Ordinal)
                .Take(query.Limit),
        ];
    }

    protected override async ValueTask<IReadOnlyList<JobRecord>> LongestRunningCoreAsync(
        int max, CancellationToken cancellationToken)
    {
        var starts = await server.CallAsync(
            database => database.HashGetAllAsync(server.Names.Key("starts")), cancellationToken);
        RedisValue[] stamps =
        [
            .. starts.OrderBy(static start => long.Parse(
                    start.Value.ToString().TrimStart('!'), CultureInfo.InvariantCulture))
                .Take(JobBroker.BatchMax)
                .Select(static start => start.Name),
        ];
        if (stamps.Length == 0)
        {
            return [];
        }

        var claims = await server.CallAsync(
            database => database.HashGetAsync(server.Names.Key("claims"), stamps), cancellationToken);
        JobId[] ids =
        [
            .. claims.Where(static claim => !claim.IsNull)
                .Select(static claim => JobId.Parse(ClaimText.FrontOf(claim).Id)),
        ];
        return ids.Length == 0
            ? []
            :
            [
                .. (await StoredJob.FindAsync(server, ids, cancellationToken))
                    .OfType<StoredJob>()
                    .Where(static job => job.HasStarted)
                    .OrderBy(static job => job.StartedAt)
                    .ThenBy(static job => job.Front.Number, StringComparer.Ordinal)
                    .Take(max)
                    .Select(static job => job.ToRecord()),
            ];
    }

    protected override async ValueTask<IReadOnlyList<LogLine>> LiveLinesCoreAsync(
        JobId id, CancellationToken cancellationToken)
    {
        var stamp = await server.CallAsync(
            database => database.HashGetAsync(server.Names.Key("held"), id.Value), cancellationToken);
        if (stamp.IsNull)
        {
            return [];
        }

        var lines = await server.CallAsync(
            database => database.StringGetAsync(server.Names.Key("lines:" + stamp)), cancellationToken);
        return AttemptColumns.ToLogs(((ReadOnlyMemory<byte>)lines).Span);
    }
}
