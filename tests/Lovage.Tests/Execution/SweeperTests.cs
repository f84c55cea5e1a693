using Lovage.Execution;
using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Storage.Memory;

namespace Lovage.Tests.Execution;

public sealed class SweeperTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sweep_HistoryOfSchedules_IsKeptForItsTimeAndNoLonger()
    {
        var time = new TestClock();
        await using var storage = new MemoryStorage(time);
        var schedules = storage.Schedules!;
        await schedules.SaveAsync(
            new ScheduleRecord
            {
                Id = "beat",
                Trigger = "{}",
                Job = Message("template"),
                Policy = new SchedulePolicy(),
                NextTick = time.GetUtcNow(),
            },
            Cancel);
        var sweeper = new Sweeper(
            storage,
            new NobodyIsDead(),
            static () => new WorkerSettings
            {
                ScheduleRetention = TimeSpan.FromHours(1),
                Retention = new RetentionPolicy(TimeSpan.FromDays(1), TimeSpan.FromDays(1), 1),
            },
            time,
            new Random(1),
            static _ => { });
        for (var i = 0; i < 1_300; i++)
        {
            // Neighbours of the same kind would be one line.
            await RecordAsync(i % 2 == 0 ? TickStatus.Missed : TickStatus.Skipped);
        }

        await RecordAsync(TickStatus.Fired, Message("unfinished"));
        time.Advance(TimeSpan.FromMinutes(30));
        await RecordAsync(TickStatus.Missed);

        await sweeper.SweepAsync(Cancel);
        Assert.Equal(1_000, (await schedules.HistoryAsync("beat", 1_000, Cancel)).Count);

        time.Advance(TimeSpan.FromMinutes(30) + TimeSpan.FromSeconds(1.5));
        await sweeper.SweepAsync(Cancel);
        var left = await schedules.HistoryAsync("beat", 1_000, Cancel);
        Assert.Equal([TickStatus.Missed, TickStatus.Fired], left.Select(static tick => tick.Status));
        Assert.Equal("unfinished", left[1].JobId!.Value.Value);
        Assert.NotNull((await storage.History!.FindAsync([left[1].JobId!.Value], Cancel))[0]);

        async Task RecordAsync(TickStatus status, JobMessage? job = null)
        {
            var schedule = await schedules.FindAsync("beat", Cancel);
            var firing = new Firing("beat", schedule!.Version)
            {
                Ticks = [new TickRecord(schedule.NextTick!.Value, status) { JobId = job?.Id }],
                Jobs = job is null ? [] : [job],
                NextTick = schedule.NextTick.Value.AddMilliseconds(1),
            };
            time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal([FireStatus.Recorded], await schedules.RecordAsync([firing], Cancel));
        }
    }

    [Fact]
    public async Task Sweep_AuditAndOperations_AreKeptForTheirTimesAndNoLonger()
    {
        var time = new TestClock();
        await using var storage = new MemoryStorage(time);
        var sweeper = new Sweeper(
            storage,
            new NobodyIsDead(),
            static () => new WorkerSettings
            {
                AuditRetention = TimeSpan.FromDays(90),
                OperationRetention = TimeSpan.FromDays(30),
            },
            time,
            new Random(1),
            static _ => { });
        for (var i = 0; i < 700; i++)
        {
            await storage.Audit!.AppendAsync([new AuditRecord { Action = "pause", Target = "queue:mail" }], Cancel);
            await storage.Operations!.AddAsync(Operation($"ended{i}"), Cancel);
            await storage.Operations.CancelAsync($"ended{i}", Cancel);
        }

        await storage.Operations!.AddAsync(Operation("running"), Cancel);
        time.Advance(TimeSpan.FromDays(30));
        await sweeper.SweepAsync(Cancel);
        Assert.Equal(701, (await storage.Operations.ListAsync(null, 1_000, Cancel)).Count);

        time.Advance(TimeSpan.FromHours(1));
        await sweeper.SweepAsync(Cancel);
        Assert.Equal("running", Assert.Single(await storage.Operations.ListAsync(null, 1_000, Cancel)).Id);
        Assert.Equal(700, (await storage.Audit!.ListAsync(new AuditQuery { Limit = 1_000 }, Cancel)).Count);

        time.Advance(TimeSpan.FromDays(60));
        await sweeper.SweepAsync(Cancel);
        Assert.Empty(await storage.Audit.ListAsync(new AuditQuery(), Cancel));

        static BulkOperation Operation(string id) =>
            new() { Id = id, Action = BulkAction.Cancel, Filter = new JobQuery() };
    }

    [Fact]
    public async Task Sweep_AfterAnOutageLongerThanALease_LetsTheLivingRenewFirst()
    {
        var time = new TestClock();
        await using var storage = new MemoryStorage(time);
        var settings = new WorkerSettings { Lease = TimeSpan.FromSeconds(30) };
        var probe = new UnreachableStorage();
        var returned = 0;
        var sweeper = new Sweeper(
            storage, probe, () => settings, time, new Random(1), result => returned += result.Orphaned);
        await storage.Broker.PublishAsync([Message("long")], Cancel);
        await using var receiver = storage.Broker.OpenReceiver(
            new WorkerOwner("boot", "0", 1, 1, "default"), ["default"], settings.Lease);
        var token = (await receiver.ReceiveAsync(1, TimeSpan.Zero, Cancel)).Deliveries.Single().Token;

        await Assert.ThrowsAsync<StorageException>(() => sweeper.SweepAsync(Cancel));
        time.Advance(TimeSpan.FromSeconds(40));
        probe.IsBack = true;
        await sweeper.SweepAsync(Cancel);
        Assert.Equal(0, returned);
        Assert.Equal([LeaseStatus.Held], await storage.Broker.RenewAsync([token], settings.Lease, Cancel));

        time.Advance(TimeSpan.FromSeconds(40));
        await sweeper.SweepAsync(Cancel);
        Assert.Equal(1, returned);
    }

    private static JobMessage Message(string id) =>
        new() { Id = JobId.Parse(id), Name = "report", Queue = "default", Body = JobBody.Empty };

    /// <summary>Asked while it is away, the storage fails.</summary>
    private sealed class UnreachableStorage : OwnerProbe
    {
        internal bool IsBack { get; set; }

        internal override bool IsDead(WorkerOwner owner) =>
            IsBack ? false : throw new StorageException("It cannot be reached.", isTransient: true);
    }

    private sealed class NobodyIsDead : OwnerProbe
    {
        internal override bool IsDead(WorkerOwner owner) => false;
    }
}
