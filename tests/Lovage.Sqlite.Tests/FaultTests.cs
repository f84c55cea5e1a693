using Lovage.Specification;
using Lovage.Sqlite.Life;
using Lovage.Sqlite.Operations;
using Lovage.Sqlite.Writing;
using Lovage.Storage;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>Full disks, faulty calls, crashes, clocks that jump.</summary>
public sealed class FaultTests : IDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private readonly TempFolder _folder = new();
    private readonly TestData _data = new(TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Publish_FullFile_IsRefusedAndNothingAcceptedIsLost()
    {
        var accepted = new List<JobId>();
        await using (var storage = new SqliteStorage(new SqliteStorageOptions { Path = _folder.File, PagesMax = 60 }))
        {
            await storage.OpenAsync(Stop);
            var refusal = await Assert.ThrowsAsync<StorageException>(async () =>
            {
                while (true)
                {
                    var messages = _data.Messages(50);
                    await storage.Broker.PublishAsync(messages, Stop);
                    accepted.AddRange(messages.Select(message => message.Id));
                }
            });
            Assert.True(refusal.IsTransient);
            Assert.Contains("full", refusal.Message, StringComparison.Ordinal);
            Assert.NotEmpty(accepted);
            Assert.Equal(accepted.Count, Assert.Single(await storage.Broker.QueuesAsync(Stop)).Ready);
        }

        await using var freed = _folder.Storage();
        await freed.OpenAsync(Stop);
        await freed.Broker.PublishAsync([_data.Message()], Stop);
        Assert.Equal(accepted.Count + 1, Assert.Single(await freed.Broker.QueuesAsync(Stop)).Ready);
    }

    [Fact]
    public async Task Turn_WithAFaultyCall_FailsThatOneAlone()
    {
        await using var storage = _folder.Storage();
        await storage.OpenAsync(Stop);
        using var gate = new ManualResetEventSlim();
        var (before, half, after) = (_data.Message(), _data.Message(), _data.Message());

        // While the first keeps the writer busy, the others gather for one turn.
        var blocking = storage.Writer.DoAsync(new Step(_ => gate.Wait(Stop)), Stop).AsTask();
        var good = storage.Broker.PublishAsync([before], Stop).AsTask();
        var faulty = storage.Writer.DoAsync(
            new Step(session =>
            {
                Publishing.Publish(session, half);
                throw new InvalidOperationException("planted");
            }),
            Stop).AsTask();
        var alsoGood = storage.Broker.PublishAsync([after], Stop).AsTask();
        gate.Set();

        await Task.WhenAll(blocking, good, alsoGood);
        Assert.Contains(
            "planted", (await Assert.ThrowsAsync<StorageException>(() => faulty)).Message, StringComparison.Ordinal);
        var records = await storage.History!.FindAsync([before.Id, half.Id, after.Id], Stop);
        Assert.Equal([false, true, false], records.Select(record => record is null));
        Assert.Equal(2, Assert.Single(await storage.Broker.QueuesAsync(Stop)).Ready);
    }

    [Fact]
    public async Task Open_WhatACrashLeft_HoldsAllThatWasAnswered()
    {
        var messages = _data.Messages(20);
        var copy = _folder.At("crashed.db");
        await using var storage = _folder.Storage();
        await storage.OpenAsync(Stop);
        await storage.Broker.PublishAsync(messages, Stop);
        Assert.Equal(5, (await ReceiveAsync(storage, 5)).Count);
        foreach (var suffix in new[] { "", "-wal" })
        {
            File.Copy(_folder.File + suffix, copy + suffix);
        }

        await using var recovered = new SqliteStorage(new SqliteStorageOptions { Path = copy });
        await recovered.OpenAsync(Stop);

        Assert.Equal(15, (await ReceiveAsync(recovered, 100)).Count);
        Assert.Equal(
            20, (await recovered.Broker.ReclaimAsync([TestData.Owner("crashed").Key], 100, Stop)).Orphaned);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Leases_WallClockJumps_RunOnByTheMonotonicClock(int days)
    {
        var time = new TwoClocks();
        await using var storage = _folder.Storage(time);
        await storage.OpenAsync(Stop);
        await storage.Broker.PublishAsync([_data.Message() with { Eta = null }], Stop);
        var token = Assert.Single(await ReceiveAsync(storage, 1)).Token;

        time.Wall += TimeSpan.FromDays(days);
        Assert.Equal(0, (await storage.Broker.ReclaimAsync([], 10, Stop)).Count);
        Assert.Equal([LeaseStatus.Held], await storage.Broker.RenewAsync([token], Lease, Stop));

        time.Monotonic += Lease;
        Assert.Equal(1, (await storage.Broker.ReclaimAsync([], 10, Stop)).Orphaned);
    }

    [Fact]
    public async Task Reclaim_HostStartedAgain_TakesEveryClaim()
    {
        await using (var storage = new SqliteStorage(
            new SqliteStorageOptions { Path = _folder.File, BootId = "first" }))
        {
            await storage.OpenAsync(Stop);
            await storage.Broker.PublishAsync([_data.Message()], Stop);
            Assert.Single(await ReceiveAsync(storage, 1));
        }

        await using var again = new SqliteStorage(new SqliteStorageOptions { Path = _folder.File, BootId = "second" });
        await again.OpenAsync(Stop);

        Assert.Equal(1, (await again.Broker.ReclaimAsync([], 10, Stop)).Orphaned);
    }

    [Fact]
    public async Task Publish_FileDeletedWhileInUse_IsRefused()
    {
        await using var storage = _folder.Storage();
        await storage.OpenAsync(Stop);
        File.Delete(_folder.File);

        var refusal = await Assert.ThrowsAsync<StorageException>(
            async () => await storage.Broker.PublishAsync([_data.Message()], Stop));

        Assert.Contains("deleted or replaced", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_AfterClosing_AreRefused()
    {
        var storage = _folder.Storage();
        await storage.OpenAsync(Stop);
        await storage.DisposeAsync();

        await Assert.ThrowsAsync<StorageException>(
            async () => await storage.Broker.PublishAsync([_data.Message()], Stop));
        await Assert.ThrowsAsync<StorageException>(async () => await storage.History!.CountersAsync(Stop));
    }

    private static Task<IReadOnlyList<Delivery>> ReceiveAsync(SqliteStorage storage, int max) =>
        storage.ReceiveAsync(max, Stop, "crashed");

    private sealed class Step(Action<WriteSession> run) : WriteOperation<bool>
    {
        internal override void Run(WriteSession session) => run(session);
    }

    private sealed class TwoClocks : TimeProvider
    {
        public DateTimeOffset Wall { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public TimeSpan Monotonic { get; set; } = TimeSpan.FromHours(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Monotonic.Ticks;
    }
}
