using System.Diagnostics.Metrics;
using System.Globalization;
using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Storage.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Lovage.Tests.Hosting;

/// <summary>What the meter tells of the whole storage, and how seldom it is read.</summary>
public sealed class StorageGaugesTests
{
    private static readonly WorkerRecord Worker = new()
    {
        Owner = "a",
        Host = "h",
        ProcessId = 1,
        Version = "1.0.0",
        StartedAt = DateTimeOffset.UnixEpoch,
        BeatAt = DateTimeOffset.UnixEpoch,
        Queues = ["mail", "extra"],
        Slots = 10,
        Running = 3,
        Names = ["n"],
    };

    private static readonly StorageReading Reading = new(
        [
            new QueueStatus("mail", 3, 2, 1, TimeSpan.FromSeconds(90.5), Paused: false, PauseReason: null),
            new QueueStatus("slow", 0, 0, 0, OldestReady: null, Paused: true, "mended at 9"),
        ],
        [Worker, Worker with { Owner = "b", Queues = ["mail"], Slots = 5, Running = 0 }],
        [new JobCounter { Queue = "mail", Name = "n", Enqueued = 9, Dead = 4 }],
        TimeSpan.FromSeconds(7))
    {
        HeartbeatAge = TimeSpan.FromSeconds(2.5),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Collect_AReading_IsToldWhole()
    {
        await using var world = new World(_ => Task.FromResult(Reading));

        Assert.Equal(
            [
                "lovage.job.dead{n,mail} 4",
                "lovage.queue.depth{mail,claimed} 1",
                "lovage.queue.depth{mail,ready} 3",
                "lovage.queue.depth{mail,scheduled} 2",
                "lovage.queue.depth{slow,claimed} 0",
                "lovage.queue.depth{slow,ready} 0",
                "lovage.queue.depth{slow,scheduled} 0",
                "lovage.queue.oldest_age{mail} 90.5",
                "lovage.queue.oldest_age{slow} 0",
                "lovage.queue.paused{mail} 0",
                "lovage.queue.paused{slow} 1",
                "lovage.queue.workers{extra} 1",
                "lovage.queue.workers{mail} 2",
                "lovage.queue.workers{slow} 0",
                "lovage.schedule.overdue{} 7",
                "lovage.storage.up{} 1",
                "lovage.worker.alive{} 2",
                "lovage.worker.heartbeat.age{} 2.5",
                "lovage.worker.slots.limit{} 15",
                "lovage.worker.slots.used{} 3",
            ],
            world.Collect());
        Assert.Equal(1, world.Reads);
    }

    [Fact]
    public async Task Collect_StorageWithoutLists_TellsWhatItKeeps()
    {
        await using var world = new World(_ => Task.FromResult(new StorageReading([], null, [], null)));

        Assert.Equal(["lovage.storage.up{} 1"], world.Collect());
    }

    [Fact]
    public async Task Collect_MoreQueuesThanNames_SumsTheRest()
    {
        var queues = Enumerable.Range(0, 250).Select(static i => new QueueStatus(
            $"q{i}", 1, 0, 0, TimeSpan.FromSeconds(i), Paused: i == 249, PauseReason: null));
        await using var world = new World(_ => Task.FromResult(new StorageReading([.. queues], [], [], null)));

        var told = world.Collect();

        Assert.Contains("lovage.queue.depth{_other,ready} 50", told);
        Assert.Contains("lovage.queue.oldest_age{_other} 249", told);
        Assert.Contains("lovage.queue.paused{_other} 1", told);
        Assert.Equal(
            201, told.Count(static line => line.StartsWith("lovage.queue.workers{", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Collect_OftenWithinAnInterval_ReadsOnce()
    {
        await using var world = new World(_ => Task.FromResult(Reading));
        for (var i = 0; i < 9; i++)
        {
            world.Collect();
            world.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1, world.Reads);

        world.Time.Advance(TimeSpan.FromSeconds(1));
        await world.UntilReadsAsync(2);
        Assert.NotEmpty(world.Collect());
    }

    [Fact]
    public async Task ReadAsync_AFreshReading_IsNotRepeated()
    {
        await using var world = new World(_ => Task.FromResult(Reading));
        await world.Gauges.ReadAsync();
        world.Time.Advance(StorageGauges.Freshness - TimeSpan.FromTicks(1));
        await world.Gauges.ReadAsync();
        Assert.Equal(1, world.Reads);

        world.Time.Advance(TimeSpan.FromTicks(1));
        await world.Gauges.ReadAsync();
        Assert.Equal(2, world.Reads);
    }

    [Fact]
    public async Task Collect_Never_ReadsNothing()
    {
        await using var world = new World(_ => Task.FromResult(Reading));

        world.Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(0, world.Reads);
        Assert.Null(world.Time.NextTimer);
    }

    [Fact]
    public async Task Collect_NotAgainForLong_EndsTheReadings()
    {
        await using var world = new World(_ => Task.FromResult(Reading));
        world.Collect();
        for (var read = 2; read <= 13; read++)
        {
            world.Time.Advance(StorageGauges.Interval);
            await world.UntilReadsAsync(read);
        }

        world.Time.Advance(StorageGauges.Interval);
        await world.UntilIdleAsync();
        Assert.Equal(13, world.Reads);

        Assert.Contains("lovage.storage.up{} 1", world.Collect());
        Assert.Equal(14, world.Reads);
    }

    [Fact]
    public async Task Collect_StorageThatFails_HasNoValueAndNoException()
    {
        var fails = false;
        await using var world = new World(_ => fails
            ? throw new StorageException("It is gone.", isTransient: true)
            : Task.FromResult(Reading));
        Assert.Equal(20, world.Collect().Count);

        fails = true;
        world.Time.Advance(StorageGauges.Interval);
        await world.UntilReadsAsync(2);
        Assert.Equal(["lovage.storage.up{} 0"], world.Collect());

        fails = false;
        world.Time.Advance(StorageGauges.Interval);
        await world.UntilReadsAsync(3);
        Assert.Equal(20, world.Collect().Count);
    }

    [Fact]
    public async Task Collect_StorageThatHangs_WaitsForNothing()
    {
        await using var world = new World(static async stopped =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, stopped);
            return Reading;
        });
        Assert.Empty(world.Collect());

        world.Time.Advance(TimeSpan.FromSeconds(5));
        await world.Gauges.ReadAsync().WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        Assert.Equal(["lovage.storage.up{} 0"], world.Collect());
    }

    [Fact]
    public async Task StopAsync_AfterTheDisposal_DoesNothing()
    {
        var gauges = new StorageGauges(static _ => Task.FromResult(Reading), TimeProvider.System);
        await gauges.StopAsync(Cancel);
        await gauges.StopAsync(Cancel);
        gauges.Dispose();

        await gauges.StopAsync(Cancel);
        gauges.Dispose();

        await gauges.ReadAsync();
    }

    [Fact]
    public async Task StopAsync_WhileItReads_EndsTheReadings()
    {
        await using var world = new World(static async stopped =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, stopped);
            return Reading;
        });
        world.Collect();

        await world.Gauges.StopAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        Assert.Empty(world.Collect());
        await world.Gauges.ReadAsync();
        Assert.Equal(1, world.Reads);
    }

    [Fact]
    public async Task OfAsync_OverdueSchedule_IsMeasuredByTheStoragesClock()
    {
        var time = new TestClock();
        await using var storage = new MemoryStorage(time);
        await storage.OpenAsync(Cancel);
        Assert.Equal(TimeSpan.Zero, (await StorageReading.OfAsync(storage, Cancel)).Overdue);
        foreach (var (id, minutes) in new[] { ("first", 1), ("second", 2) })
        {
            await storage.Schedules!.SaveAsync(
                new ScheduleRecord
                {
                    Id = id,
                    Trigger = "{}",
                    Job = new JobMessage { Id = default, Name = "n", Queue = "default", Body = JobBody.Empty },
                    Policy = new SchedulePolicy(),
                    NextTick = time.GetUtcNow() + TimeSpan.FromMinutes(minutes),
                },
                Cancel);
        }

        time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(TimeSpan.FromMinutes(4), (await StorageReading.OfAsync(storage, Cancel)).Overdue);
    }

    [Fact]
    public async Task Collect_OfAHost_TellsItsStorage()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddLovage().UseStorage("memory:").AddJob(new JobDefinition("n", static _ => default));
        using var host = builder.Build();
        await host.StartAsync(Cancel);
        await host.Services.GetRequiredService<JobClient>()
            .EnqueueAsync(Job.Create("n") with { Queue = "slow" }, Cancel);
        using var collected = new Collected(host.Services.GetRequiredService<StorageGauges>());

        await host.Services.GetRequiredService<StorageGauges>().ReadAsync();
        var told = collected.Collect();

        Assert.Contains("lovage.queue.depth{slow,ready} 1", told);
        Assert.Contains("lovage.queue.workers{slow} 0", told);
        Assert.Contains("lovage.worker.alive{} 0", told);
        Assert.Contains("lovage.job.dead{n,slow} 0", told);
        await host.StopAsync(Cancel);
        Assert.Empty(collected.Collect());
    }

    /// <summary>The instruments of one host. Meters are the process's, and other tests run beside this one.</summary>
    private sealed class Collected : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<string> _lines = [];

        internal Collected(StorageGauges gauges)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == gauges)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        internal IReadOnlyList<string> Collect()
        {
            _lines.Clear();
            _listener.RecordObservableInstruments();
            return [.. _lines.Order(StringComparer.Ordinal)];
        }

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = string.Join(',', tags.ToArray().Select(static tag => tag.Value));
            _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{instrument.Name}{{{labels}}} {value}"));
        }
    }

    private sealed class World : IAsyncDisposable
    {
        private readonly Collected _collected;
        private readonly WakeUp _read = new();
        private int _reads;

        internal World(Func<CancellationToken, Task<StorageReading>> read)
        {
            Gauges = new StorageGauges(
                stopped =>
                {
                    Interlocked.Increment(ref _reads);
                    _read.Pulse();
                    return read(stopped);
                },
                Time);
            _collected = new Collected(Gauges);
        }

        internal TestClock Time { get; } = new();

        internal StorageGauges Gauges { get; }

        internal int Reads => Volatile.Read(ref _reads);

        internal IReadOnlyList<string> Collect() => _collected.Collect();

        /// <summary>Waits until that many readings were made, and the last one is kept.</summary>
        internal async Task UntilReadsAsync(int count)
        {
            while (true)
            {
                var seen = _read.Version;
                if (Reads >= count)
                {
                    break;
                }

                Assert.True(await _read.WaitAsync(seen, TimeSpan.FromSeconds(30), TimeProvider.System, Cancel));
            }

            // One reading at a time: this one comes after it, finds it fresh, and sees its pause begun.
            await Gauges.ReadAsync();
            await UntilAsync(() => Time.NextTimer is not null);
        }

        internal Task UntilIdleAsync() => UntilAsync(() => Time.NextTimer is null);

        public async ValueTask DisposeAsync()
        {
            await Gauges.StopAsync(CancellationToken.None);
            Gauges.Dispose();
            _collected.Dispose();
        }

        /// <summary>What another thread is about to do needs no more than its turn.</summary>
        private static async Task UntilAsync(Func<bool> isSo)
        {
            while (!isSo())
            {
                Cancel.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
    }
}
