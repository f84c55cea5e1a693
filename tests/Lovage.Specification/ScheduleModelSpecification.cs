using System.Globalization;
using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>
/// Random sequences of calls, compared step by step with <see cref="ScheduleModel"/>. Set LOVAGE_SEED to a printed seed
/// to replay one sequence.
/// </summary>
public abstract class ScheduleModelSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const int Sequences = 15;
    private const int Steps = 120;

    private static readonly string[] Names = ["a", "b", "c", "d", "e"];

    private readonly List<string> _trace = [];
    private readonly List<Firing> _spent = [];
    private ScheduleModel _model = new();
    private long _newest;
    private int _instants;

    [Fact]
    public async Task RandomCalls_AgreeWithTheModel()
    {
        var replayed = Environment.GetEnvironmentVariable("LOVAGE_SEED");
        var seeds = replayed is null
            ? [.. Enumerable.Range(0, Sequences).Select(_ => Random.Shared.Next())]
            : new[] { int.Parse(replayed, CultureInfo.InvariantCulture) };
        foreach (var seed in seeds)
        {
            await DisposeAsync();
            await InitializeAsync();
            _model = new ScheduleModel();
            (_newest, _instants) = (0, 0);
            _trace.Clear();
            _spent.Clear();
            try
            {
                await RunAsync(new Random(seed));
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                throw new InvalidOperationException(
                    $"LOVAGE_SEED={seed}: {fault.Message}\nThe last steps:\n{string.Join('\n', _trace.TakeLast(30))}",
                    fault);
            }
        }
    }

    private async Task RunAsync(Random random)
    {
        for (var step = 0; step < Steps; step++)
        {
            Time.Advance(TimeSpan.FromMilliseconds(random.Next(8) == 0 ? 20_000 : 7));
            await StepAsync(random);
            await CompareAsync(random.Next(1, 5));
        }
    }

    private Task StepAsync(Random random) => random.Next(16) switch
    {
        0 or 1 => SaveNewAsync(random),
        2 or 3 => SaveChangeAsync(random),
        4 => RemoveAsync(random),
        5 or 6 or 7 or 8 => FireDueAsync(random),
        9 => FireAheadAsync(random),
        10 => FireSpentAsync(random),
        11 => RunByHandAsync(random),
        12 or 13 => EndJobsAsync(random),
        14 => PutBackAsync(random),
        _ => PruneAsync(random),
    };

    private async Task SaveNewAsync(Random random)
    {
        var schedule = A.Schedule(Pick(Names, random)) with { NextTick = TickIn(random.Next(-5_000, 30_000)) };
        _trace.Add($"save {schedule.Id} as new");
        await SaveAndCompareAsync(schedule);
    }

    private async Task SaveChangeAsync(Random random)
    {
        if (PickSchedule(random) is { } known)
        {
            var state = random.Next(3) == 0 ? ScheduleState.Paused : ScheduleState.Active;
            var next = random.Next(5) == 0 ? null : TickIn(random.Next(1, 20_000));
            var change = known.Record with
            {
                Version = known.Record.Version - (random.Next(5) == 0 ? 1 : 0),
                State = state,
                Reason = state == ScheduleState.Paused ? "for a reason" : null,
                NextTick = next <= known.Record.LastTick ? null : next,
                QueuedTick = random.Next(3) == 0 ? null : known.Record.QueuedTick,
            };
            _trace.Add(
                $"save {change.Id} of version {change.Version}: {state}, next {change.NextTick:O}, queued "
                    + $"{change.QueuedTick:O}");
            await SaveAndCompareAsync(change);
        }
    }

    private async Task SaveAndCompareAsync(ScheduleRecord schedule)
    {
        var version = await Schedules.SaveAsync(schedule, Stop);
        Assert.Equal(_model.Save(schedule, Time.GetUtcNow()), version is not null);
        if (version is { } grown)
        {
            Assert.True(grown > _newest);
            _newest = grown;
            _model.Schedules[schedule.Id].Record = _model.Schedules[schedule.Id].Record with { Version = grown };
        }
    }

    private async Task RemoveAsync(Random random)
    {
        var id = Pick(Names, random);
        _trace.Add($"remove {id}");
        Assert.Equal(_model.Schedules.Remove(id), await Schedules.RemoveAsync(id, Stop));
    }

    private async Task FireDueAsync(Random random)
    {
        var due = await Schedules.DueAsync(10, Stop);
        var firings = due.Schedules.Where(_ => random.Next(4) > 0)
            .Select(schedule => Plan(schedule, due.Now, random))
            .ToList();
        if (firings.Count > 0)
        {
            await RecordAndCompareAsync(firings);
            _spent.AddRange(firings);
        }
    }

    private async Task FireAheadAsync(Random random)
    {
        if (PickSchedule(random) is { Record.NextTick: { } tick } known && tick > Time.GetUtcNow())
        {
            await RecordAndCompareAsync([A.NextFiring(known.Record)]);
        }
    }

    private async Task FireSpentAsync(Random random)
    {
        if (_spent.Count > 0)
        {
            await RecordAndCompareAsync([Pick(_spent, random)]);
        }
    }

    private async Task RecordAndCompareAsync(IReadOnlyList<Firing> firings)
    {
        foreach (var firing in firings)
        {
            _trace.Add(
                $"record {firing.Id} of version {firing.Version}: "
                    + string.Join(
                        ", ", firing.Ticks.Select(tick => $"{tick.Status} {tick.Tick:O} to {tick.Through:O}")));
        }

        var statuses = await Schedules.RecordAsync(firings, Stop);
        Assert.Equal(firings.Select(firing => _model.Record(firing, Time.GetUtcNow())), statuses);
        foreach (var id in firings.Where((_, i) => statuses[i] == FireStatus.Recorded).Select(firing => firing.Id))
        {
            var version = (await ScheduleAsync(id)).Version;
            Assert.True(version > _newest);
            _newest = version;
            _model.Schedules[id].Record = _model.Schedules[id].Record with { Version = version };
        }
    }

    private async Task RunByHandAsync(Random random)
    {
        var (id, job) = (Pick(Names, random), A.Message());
        _trace.Add($"run {id} by hand");
        Assert.Equal(_model.Run(id, job.Id, Time.GetUtcNow()), await Schedules.RunAsync(id, job, Stop));
    }

    private async Task EndJobsAsync(Random random)
    {
        var ended = _model.Jobs.Where(job => !job.Value && random.Next(2) == 0).Select(job => job.Key).ToList();
        if (ended.Count > 0)
        {
            _trace.Add($"end {string.Join(", ", ended)}");
            Assert.All(
                Statuses(await Store.CancelAsync(ended, null, Stop)),
                status => Assert.Equal(CancelStatus.Cancelled, status));
            ended.ForEach(job => _model.Jobs[job] = true);
        }
    }

    private async Task PutBackAsync(Random random)
    {
        if (_model.Jobs.Where(job => job.Value).Select(job => job.Key).ToList() is { Count: > 0 } ended)
        {
            var job = Pick(ended, random);
            _trace.Add($"put back {job}");
            Assert.Equal(1, await RequeueAsync([job]));
            _model.Jobs[job] = false;
        }
    }

    private async Task PruneAsync(Random random)
    {
        if (random.Next(2) == 0)
        {
            _trace.Add("prune jobs");
            var ended = _model.Jobs.Where(job => job.Value).Select(job => job.Key).ToList();
            Assert.Equal(
                ended.Count,
                await Store.PruneAsync(new RetentionPolicy(TimeSpan.Zero, TimeSpan.Zero, 1_000), 1_000, Stop));
            ended.ForEach(job => _model.Jobs.Remove(job));
        }

        var keep = TimeSpan.FromSeconds(random.Next(60));
        _trace.Add($"prune lines older than {keep}");
        Assert.Equal(_model.Prune(keep, Time.GetUtcNow()), await Schedules.PruneAsync(keep, 1_000, Stop));
    }

    private async Task CompareAsync(int max)
    {
        var now = Time.GetUtcNow();
        var records = await Schedules.ListAsync(null, 100, Stop);
        Assert.Equal(
            _model.Schedules.Values.Select(Shown).OrderBy(record => record.Id, StringComparer.Ordinal),
            records.Select(record => record with { Job = Job }));
        foreach (var schedule in _model.Schedules.Values)
        {
            Assert.Equal(
                schedule.Lines.Values.Reverse(), await Schedules.HistoryAsync(schedule.Record.Id, 1_000, Stop));
        }

        var expected = _model.Due(now);
        var due = await Of(Other).DueAsync(max, Stop);
        Assert.Equal(expected.Take(max), due.Schedules.Select(item => (item.Schedule.Id, item.Unfinished)));
        Assert.Equal(expected.Count > max ? TimeSpan.Zero : _model.Next(now) - now, due.UntilNext);
        Assert.Equal(_model.AnyQueued(), due.AnyQueued);
    }

    /// <summary>Whatever the policy would say: all that may become of ticks.</summary>
    private Firing Plan(DueSchedule due, DateTimeOffset now, Random random)
    {
        var schedule = due.Schedule;
        var (ticks, jobs) = (new List<TickRecord>(), new List<JobMessage>());
        var (queued, next) = (schedule.QueuedTick, schedule.NextTick);
        if (queued is { } waiting && (due.Unfinished == 0 || random.Next(4) == 0))
        {
            Add(waiting, random.Next(3) > 0 ? TickStatus.Fired : TickStatus.Skipped);
            queued = null;
        }

        if (next <= now)
        {
            var tick = next.Value;
            var middle = tick + ((now - tick) / 2);
            if (random.Next(3) == 0 && middle > tick)
            {
                ticks.Add(new TickRecord(tick, random.Next(2) == 0 ? TickStatus.Missed : TickStatus.Skipped)
                {
                    Through = middle,
                    Count = random.Next(1, 9),
                });
                tick = middle.AddTicks(1);
            }

            var status = (TickStatus)random.Next(4);
            status = status == TickStatus.Queued && queued is not null ? TickStatus.Skipped : status;
            queued = status == TickStatus.Queued ? tick : queued;
            Add(tick, status);
            next = random.Next(10) == 0 ? null : TickIn(random.Next(1, 15_000));
        }

        return new Firing(schedule.Id, schedule.Version)
        {
            Ticks = ticks,
            Jobs = jobs,
            NextTick = next,
            QueuedTick = queued,
            State = next is null && queued is null ? ScheduleState.Ended : ScheduleState.Active,
        };

        void Add(DateTimeOffset tick, TickStatus status)
        {
            var job = status == TickStatus.Fired ? A.Message("tasks.report") : null;
            ticks.Add(new TickRecord(tick, status) { JobId = job?.Id });
            jobs.AddRange(job is null ? [] : [job]);
        }
    }

    /// <summary>An instant like no other, so that the order of what is due is plain.</summary>
    private DateTimeOffset? TickIn(int milliseconds) =>
        Time.GetUtcNow() + TimeSpan.FromMilliseconds(milliseconds) + TimeSpan.FromTicks(++_instants);

    private static JobMessage Job { get; } = new TestData(TimeProvider.System).Message();

    private static ScheduleRecord Shown(ModelSchedule schedule) => schedule.Record with { Job = Job };

    private ModelSchedule? PickSchedule(Random random) =>
        _model.Schedules.Count == 0 ? null : Pick([.. _model.Schedules.Values], random);

    private static T Pick<T>(IReadOnlyList<T> items, Random random) => items[random.Next(items.Count)];
}
