using Lovage.Protocol;
using Lovage.Scheduling;
using Lovage.Simulation.Engine;
using Lovage.Storage;
using Lovage.Storage.Memory;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lovage.Simulation.Schedules;

/// <summary>What is broken on purpose, so that the oracle is seen to notice it.</summary>
public enum ScheduleBug
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A node decides what is due by its own clock.</summary>
    OwnClock = 1,

    /// <summary>The next tick is computed from now instead of from the last tick.</summary>
    NextFromNow = 2,

    /// <summary>Missed ticks are passed over in silence.</summary>
    SilentMiss = 3,
}

/// <summary>
/// One seed's world of schedules: three nodes whose clocks are wrong by minutes, a storage whose own clock jumps,
/// crashes, freezes and errors before and after what was asked was done.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "A memory storage holds nothing to dispose of.")]
internal sealed class ScheduleWorld
{
    private const int Places = 3;

    private static readonly TimeSpan FaultTime = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(5);

    private readonly Random _random;
    private readonly EventLoop _loop;
    private readonly StorageClock _clock;
    private readonly MemoryStorage _storage;
    private readonly SimulatedProcess[] _nodes = new SimulatedProcess[Places];
    private readonly TimeSpan[] _offsets;
    private readonly Dictionary<string, DateTimeOffset> _firstTicks = [];
    private int _lives;

    private ScheduleWorld(int seed, ScheduleBug bug)
    {
        _random = new Random(seed);
        Bug = bug;
        _loop = new EventLoop(new Random(_random.Next()));
        _clock = new StorageClock(_loop);
        _storage = new MemoryStorage(_clock);
        _offsets = [.. Enumerable.Range(0, Places).Select(_ => TimeSpan.FromSeconds(_random.Next(-600, 600)))];
    }

    internal ScheduleBug Bug { get; }

    internal string? Violation { get; private set; }

    internal Random Random => _random;

    internal bool FaultsAreOn => _loop.Now < FaultTime.Ticks;

    internal ScheduleStore Store => _storage.Schedules!;

    internal DateTimeOffset StorageNow => _clock.GetUtcNow();

    private SimulatedProcess Worker => field ??= new SimulatedProcess(_loop, "worker", TimeSpan.Zero);

    internal static (string? Violation, long Fired, long Missed, long Skipped) Run(
        int seed, ScheduleBug bug = ScheduleBug.None)
    {
        var world = new ScheduleWorld(seed, bug);
        world.Run();
        var records = world.Records;
        return (world.Violation, records.Sum(record => record.Fired), records.Sum(record => record.Missed), records.Sum(
            record => record.Skipped));
    }

    internal void Violate(string what) =>
        Violation ??= $"at {TimeSpan.FromTicks(_loop.Now).TotalSeconds:0.000} s: {what}";

    private List<ScheduleRecord> Records { get; set; } = [];

    private void Run()
    {
        Worker.Start(async () =>
        {
            await AddAsync(
                "second",
                Every.Seconds(1),
                new SchedulePolicy
                {
                    Misfire = MisfireRule.CatchUp,
                    CatchUpMax = 1_000,
                    Grace = TimeSpan.FromHours(5),
                    Overlap = OverlapRule.Allow,
                    OverlapMax = 1_000,
                });
            await AddAsync("seven", Every.Seconds(7), new SchedulePolicy { Misfire = MisfireRule.Once });
            await AddAsync(
                "cron",
                Cron.Parse("*/5 * * * * *", "Europe/Paris"),
                new SchedulePolicy { Misfire = MisfireRule.Skip, Overlap = OverlapRule.QueueOne });
            await AddAsync(
                "minute",
                Cron.Parse("* * * * *"),
                new SchedulePolicy { Misfire = MisfireRule.CatchUp, CatchUpMax = 3, Jitter = TimeSpan.FromSeconds(3) });
            _ = WorkAsync();
        });
        for (var place = 0; place < Places; place++)
        {
            StartNode(place);
        }

        for (var i = _random.Next(3, 12); i > 0; i--)
        {
            var place = _random.Next(Places);
            var span = TimeSpan.FromSeconds(_random.NextDouble() * 40);
            var kind = _random.Next(4);
            var jump = TimeSpan.FromSeconds(_random.Next(-3_600, 3_600));
            _loop.At(FaultTime * _random.NextDouble() * 0.95, () => Strike(place, kind, span, jump));
        }

        var end = FaultTime + QuietTime;
        _loop.At(end, () => Worker.Start(CheckAsync));
        var isDone = _loop.Run(
            () => Violation is not null || _loop.Escape is not null || Records.Count > 0,
            end + TimeSpan.FromMinutes(1));
        if (_loop.Escape is { } escape)
        {
            Violate($"Something left the simulation's thread: {escape}");
        }
        else if (!isDone)
        {
            Violate("The end never came.");
        }
    }

    private void Strike(int place, int kind, TimeSpan span, TimeSpan jump)
    {
        switch (kind)
        {
            case 0:
                _nodes[place].Kill();
                _loop.After(span / 4, () => StartNode(place));
                break;
            case 1:
                var node = _nodes[place];
                node.Freeze();
                _loop.After(span, node.Thaw);
                break;
            case 2:
                _offsets[place] += jump;
                _nodes[place].Kill();
                StartNode(place);
                break;
            default:
                // A storage's clock is set right by seconds, seldom by an hour.
                _clock.Offset += _random.Next(4) == 0 ? jump : jump / 200;
                break;
        }
    }

    private void StartNode(int place)
    {
        var process = new SimulatedProcess(_loop, $"n{place}.{++_lives}", _offsets[place]);
        _nodes[place] = process;
        var store = new FaultyScheduleStore(this, process, _storage.Signals);
        var scheduler = new Scheduler(
            store,
            new JobIdSource(process.Time, new Random(_random.Next())),
            process.Name,
            process.Time,
            new Random(_random.Next()),
            new SchedulerReport(NullLogger.Instance, outage: null));
        process.Start(async () =>
        {
            while (true)
            {
                TimeSpan wait;
                try
                {
                    wait = await scheduler.StepAsync(CancellationToken.None);
                }
                catch (StorageException)
                {
                    wait = TimeSpan.FromSeconds(1);
                }

                await Task.Delay(wait, process.Time);
            }
        });
    }

    private async Task AddAsync(string id, Trigger trigger, SchedulePolicy policy)
    {
        trigger = trigger.WithAnchor(StorageNow);
        var first = trigger.NextAfter(StorageNow)!.Value;
        _firstTicks[id] = first;
        var saved = await Store.SaveAsync(
            new ScheduleRecord
            {
                Id = id,
                Trigger = trigger.ToJson(),
                Job = new JobMessage { Id = default, Name = id, Queue = "default", Body = JobBody.Empty },
                Policy = policy,
                NextTick = first,
            },
            CancellationToken.None);
        if (saved is null)
        {
            Violate($"Schedule {id} could not be added.");
        }
    }

    /// <summary>Runs what was enqueued, for a while each.</summary>
    private async Task WorkAsync()
    {
        var owner = new WorkerOwner("w", "0", 0, 0, "w");
        await using var receiver = _storage.Broker.OpenReceiver(owner, ["default"], TimeSpan.FromHours(10));
        while (true)
        {
            var received = await receiver.ReceiveAsync(100, TimeSpan.FromSeconds(1), CancellationToken.None);
            foreach (var delivery in received.Deliveries)
            {
                _ = EndAsync(delivery);
            }
        }
    }

    private async Task EndAsync(Delivery delivery)
    {
        await Task.Delay(TimeSpan.FromSeconds(_random.NextDouble() * (_random.Next(10) == 0 ? 30 : 3)), Worker.Time);
        await _storage.Store.SettleAsync(
            [
                new Settlement
                {
                    Token = delivery.Token,
                    Id = delivery.Message.Id,
                    Decision = JobDecision.Succeed,
                    Attempt = new AttemptRecord
                    {
                        Number = 1,
                        End = AttemptEnd.Succeeded,
                        StartedAt = StorageNow,
                        Duration = TimeSpan.Zero,
                        Worker = "w",
                    },
                },
            ],
            CancellationToken.None);
    }

    /// <summary>
    /// Every tick from the first to the last dealt with is in the history exactly once, each that fired has one job,
    /// and no node is stuck.
    /// </summary>
    private async Task CheckAsync()
    {
        var records = new List<ScheduleRecord>(await Store.ListAsync(null, 100, CancellationToken.None));
        foreach (var record in records)
        {
            var trigger = Trigger.FromJson(record.Trigger);
            var history = (await Store.HistoryAsync(record.Id, 1_000, CancellationToken.None)).Reverse().ToList();
            if (history.Count == 0)
            {
                continue;
            }

            // A clock that was set back before the first tick brings earlier ones.
            var isWhole = history.Count < 1_000 && _firstTicks[record.Id] <= history[0].Tick;
            var tick = isWhole ? _firstTicks[record.Id] : history[0].Tick;
            foreach (var line in history)
            {
                for (var i = 0L; i < line.Count; i++)
                {
                    var expected = i == 0 ? line.Tick : i == line.Count - 1 ? line.Through : tick;
                    if (tick != expected)
                    {
                        Violate(
                            $"{record.Id}: tick {tick:O} is missing or doubled, {expected:O} ({line.Status}) stands "
                                + $"in its place.");
                        break;
                    }

                    tick = trigger.NextAfter(tick)!.Value;
                }

                if (line.Status is TickStatus.Fired && (line.JobId is not { } job
                    || await _storage.History!.FindAsync([job], CancellationToken.None) is [null]))
                {
                    Violate($"{record.Id}: tick {line.Tick:O} fired without a job.");
                }
            }

            if (record.NextTick != tick)
            {
                Violate($"{record.Id}: its next tick is {record.NextTick:O} instead of {tick:O}.");
            }

            if (StorageNow - record.NextTick > StuckAfter)
            {
                Violate($"{record.Id}: stuck at {record.NextTick:O}, {StorageNow - record.NextTick} ago.");
            }

            // One that jumps ahead by more ticks than are caught up with leaves some behind.
            if (record.Id == "second" && record.Missed > 0 && _clock.Farthest < TimeSpan.FromMinutes(10))
            {
                Violate($"{record.Missed} ticks were missed although all were to be caught up with.");
            }
        }

        var counters = await _storage.History!.CountersAsync(CancellationToken.None);
        var jobs = counters.Sum(static counter => counter.Enqueued);
        if (jobs != records.Sum(static record => record.Fired))
        {
            Violate($"{jobs} jobs were enqueued for {records.Sum(static record => record.Fired)} ticks.");
        }

        Records = records;
    }

    /// <summary>The storage's clock, which can be set while the world runs.</summary>
    private sealed class StorageClock(EventLoop loop) : TimeProvider
    {
        private readonly VirtualTime _time = new(loop, null, TimeSpan.Zero);

        internal TimeSpan Offset
        {
            get;
            set
            {
                field = value;
                Farthest = value > Farthest ? value : Farthest;
            }
        }

        internal TimeSpan Farthest { get; private set; }

        public override long TimestampFrequency => _time.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => _time.GetUtcNow() + Offset;

        public override long GetTimestamp() => _time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            _time.CreateTimer(callback, state, dueTime, period);
    }
}
