using System.Globalization;
using Lovage.Protocol;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Reading;
using Lovage.Redis.Texts;
using Lovage.Redis.Writing;
using Lovage.Storage;
using StackExchange.Redis;

namespace Lovage.Redis;

/// <summary>
/// Schedules in Redis. A firing is planned here from what was read, and written if its schedule is still as it was.
/// </summary>
internal sealed class RedisScheduleStore : ScheduleStore
{
    private readonly RedisServer _server;
    private readonly RedisBroker _broker;

    /// <param name="server">The server.</param>
    /// <param name="broker">Knows the server's time.</param>
    /// <param name="signals">Sends signals.</param>
    /// <param name="time">Measures durations.</param>
    internal RedisScheduleStore(RedisServer server, RedisBroker broker, SignalBus signals, TimeProvider time)
        : base(RedisBroker.System, signals, time) => (_server, _broker) = (server, broker);

    protected override async ValueTask<long?> SaveCoreAsync(
        ScheduleRecord schedule, CancellationToken cancellationToken)
    {
        var stored = await FindCoreAsync(schedule.Id, cancellationToken);
        if ((stored?.Version ?? 0) != schedule.Version)
        {
            return null;
        }

        CheckNextTick(schedule, stored?.LastTick);
        var saved = schedule with
        {
            CreatedAt = stored?.CreatedAt ?? await _broker.NowAsync(cancellationToken),
            LastTick = stored?.LastTick,
            Fired = stored?.Fired ?? 0,
            Missed = stored?.Missed ?? 0,
            Skipped = stored?.Skipped ?? 0,
        };
        var arguments = _server.Arguments(6);
        arguments.Add(schedule.Id);
        arguments.Add(schedule.Version);
        arguments.Add(ScheduleText.Write(saved));
        arguments.Add(Score(saved.NextTick));
        arguments.Add(Score(saved.QueuedTick));
        arguments.Add(saved.State == ScheduleState.Active ? "1" : "0");
        var version = (long)(await _server.RunAsync(RedisScript.Save, arguments, cancellationToken)).Value();
        return version == 0 ? null : version;
    }

    protected override async ValueTask<bool> RemoveCoreAsync(string id, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(1);
        arguments.Add(id);
        return (await _server.RunAsync(RedisScript.Remove, arguments, cancellationToken)).Value() == 1;
    }

    protected override async ValueTask<ScheduleRecord?> FindCoreAsync(string id, CancellationToken cancellationToken) =>
        (await ReadAsync([id], cancellationToken))[0]?.Record;

    protected override async ValueTask<IReadOnlyList<ScheduleRecord>> ListCoreAsync(
        string? after, int limit, CancellationToken cancellationToken)
    {
        var ids = await _server.CallAsync(
            database => database.SortedSetRangeByValueAsync(
                _server.Names.Key("s:names"), after ?? default(RedisValue), default, Exclude.Start, take: limit),
            cancellationToken);
        return ids.Length == 0
            ? []
            : [.. (await ReadAsync([.. ids.Select(static id => id.ToString())], cancellationToken))
                .OfType<StoredSchedule>()
                .Select(static schedule => schedule.Record)];
    }

    protected override async ValueTask<long> CountCoreAsync(CancellationToken cancellationToken) =>
        await _server.CallAsync(
            database => database.HashLengthAsync(_server.Names.Key("s")), cancellationToken);

    protected override async ValueTask<DueResult> DueCoreAsync(int max, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(1);
        arguments.Add(max);
        var answer = (await _server.RunAsync(RedisScript.Due, arguments, cancellationToken)).Values();
        var now = _server.Clock.Read(answer[0]);
        var due = new List<(DateTimeOffset Tick, DueSchedule Schedule)>();
        DateTimeOffset? next = answer[2].Length() == 0 ? null : ScheduleText.Read(answer[2].ToString(), 0).NextTick;
        for (var i = 3; i + 3 < answer.Length; i += 4)
        {
            var record = ScheduleText.Read(answer[i + 1].ToString(), (long)answer[i + 2]);
            var unfinished = (int)answer[i + 3];
            var tick = record.QueuedTick is { } queued && unfinished == 0 ? queued : record.NextTick!.Value;
            if (tick <= now)
            {
                due.Add((tick, new DueSchedule(record, unfinished)));
            }
            else
            {
                next = tick < next ? tick : next ?? tick;
            }
        }

        var untilNext = due.Count > max ? TimeSpan.Zero : next - now;
        return new DueResult(
            now,
            [
                .. due.OrderBy(static one => one.Tick)
                    .ThenBy(static one => one.Schedule.Schedule.Id, StringComparer.Ordinal)
                    .Take(max)
                    .Select(static one => one.Schedule),
            ],
            untilNext,
            answer[1] == "1");
    }

    protected override async ValueTask<IReadOnlyList<FireStatus>> RecordCoreAsync(
        IReadOnlyList<Firing> firings, CancellationToken cancellationToken)
    {
        var now = await _broker.NowAsync(cancellationToken);
        var schedules = await ReadAsync([.. firings.Select(static firing => firing.Id)], cancellationToken);
        var statuses = new FireStatus[firings.Count];
        var open = new List<int>();
        for (var i = 0; i < firings.Count; i++)
        {
            statuses[i] = schedules[i] is { } schedule ? schedule.Check(firings[i], now) : FireStatus.Stale;
            if (statuses[i] == FireStatus.Recorded)
            {
                open.Add(i);
            }
        }

        if (open.Count == 0)
        {
            return statuses;
        }

        var arguments = _server.Arguments(12 * open.Count);
        arguments.Add(open.Count);
        foreach (var i in open)
        {
            Add(arguments, schedules[i]!, firings[i], now);
        }

        var answers = (await _server.RunAsync(RedisScript.Fire, arguments, cancellationToken)).Values();
        for (var i = 0; i < open.Count; i++)
        {
            statuses[open[i]] = answers[i] == 1 ? FireStatus.Recorded : FireStatus.Stale;
        }

        return statuses;
    }

    protected override async ValueTask<bool> RunCoreAsync(
        string id, JobMessage job, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(4);
        arguments.Add(id);
        arguments.Add(job.Id.Value);
        Messages.Add(arguments, job, _server);
        return (await _server.RunAsync(RedisScript.Run, arguments, cancellationToken)).Value() == 1;
    }

    protected override async ValueTask<IReadOnlyList<TickRecord>> HistoryCoreAsync(
        string id, int limit, CancellationToken cancellationToken)
    {
        var lines = await _server.CallAsync(
            database => database.SortedSetRangeByRankAsync(
                _server.Names.Key("ticks:" + id), 0, limit - 1, Order.Descending),
            cancellationToken);
        return [.. lines.Select(static line => TickText.Read(line.ToString().Split('|', 2)[1]))];
    }

    protected override async ValueTask<int> PruneCoreAsync(
        TimeSpan keep, int max, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(2);
        arguments.Add(RedisTime.Floor(keep));
        arguments.Add(max);
        return (int)(await _server.RunAsync(RedisScript.PruneTicks, arguments, cancellationToken)).Value();
    }

    protected override async ValueTask<bool> TryLeadCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken) =>
        await LeadAsync(owner, Math.Max(1, RedisTime.From(lease)), cancellationToken);

    protected override async ValueTask ResignCoreAsync(string owner, CancellationToken cancellationToken) =>
        await LeadAsync(owner, 0, cancellationToken);

    private async Task<bool> LeadAsync(string owner, long lease, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(2);
        arguments.Add(owner);
        arguments.Add(lease);
        return (await _server.RunAsync(RedisScript.Lead, arguments, cancellationToken)).Value() == 1;
    }

    private void Add(RedisArguments arguments, StoredSchedule schedule, Firing firing, DateTimeOffset now)
    {
        var (record, lines, newest) = schedule.Plan(firing, now);
        arguments.Add(firing.Id);
        arguments.Add(firing.Version);
        arguments.Add(ScheduleText.Write(record));
        arguments.Add(Score(record.NextTick));
        arguments.Add(Score(record.QueuedTick));
        arguments.Add(record.State == ScheduleState.Active ? "1" : "0");
        arguments.Add(newest is { } last ? TickText.Key(last) : "");
        arguments.Add(record.QueuedTick is { } queued ? TickText.Key(queued) : "");
        arguments.Add(lines.Count);
        foreach (var line in lines)
        {
            arguments.Add(TickText.Key(line.Tick));
            arguments.Add(TickText.Write(line));
        }

        arguments.Add(firing.Jobs.Count);
        foreach (var job in firing.Jobs)
        {
            Messages.Add(arguments, job, _server);
        }
    }

    private async Task<StoredSchedule?[]> ReadAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(ids.Count);
        foreach (var id in ids)
        {
            arguments.Add(id);
        }

        var found = await _server.RunAsync(RedisScript.Schedules, arguments, cancellationToken);
        return [.. found.Items().Select(static items => StoredSchedule.Read(items.Values()))];
    }

    private static string Score(DateTimeOffset? tick) =>
        tick is { } at ? RedisTime.Floor(at).ToString(CultureInfo.InvariantCulture) : "";
}
