using System.Collections.Concurrent;
using Lovage.Specification;
using Lovage.Sqlite.Files;
using Lovage.Storage;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>Two storages on one file, as two processes have it.</summary>
public sealed class SharingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_OfALockThatAnotherHolds_NeitherFailsNorTakesIt()
    {
        using var held = FileLock.Open(_folder.At("lock"));
        held.Enter();
        using var other = FileLock.Open(_folder.At("lock"));
        held.Exit();
        held.Enter();
        held.Exit();
        other.Enter();
        other.Exit();
    }

    [Fact]
    public async Task Storages_UnderLoadOnOneFile_LoseAndDoubleNothing()
    {
        const int Batches = 40;
        const int Size = 50;
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        var settled = new ConcurrentBag<JobId>();
        var published = new ConcurrentBag<JobId>();

        await Task.WhenAll(PublishAsync(one, 1), PublishAsync(two, 2), WorkAsync(one, "one"), WorkAsync(two, "two"));

        Assert.Equal(2 * Batches * Size, published.Count);
        Assert.Equal(
            published.Select(id => id.Value).Order(StringComparer.Ordinal),
            settled.Select(id => id.Value).Order(StringComparer.Ordinal));
        var queue = Assert.Single(await two.Broker.QueuesAsync(Stop));
        Assert.Equal((0, 0, 0), (queue.Ready, queue.Scheduled, queue.Claimed));
        var counter = Assert.Single(await one.History!.CountersAsync(Stop));
        Assert.Equal((published.Count, published.Count), (counter.Enqueued, counter.Succeeded));

        async Task PublishAsync(SqliteStorage storage, int seed)
        {
            var ids = new JobIdSource(TimeProvider.System, new Random(seed));
            var data = new TestData(TimeProvider.System);
            for (var i = 0; i < Batches; i++)
            {
                var messages = data.Messages(Size).Select(message => message with { Id = ids.Next() }).ToArray();
                await storage.Broker.PublishAsync(messages, Stop);
                Array.ForEach(messages, message => published.Add(message.Id));
            }
        }

        async Task WorkAsync(SqliteStorage storage, string owner)
        {
            var data = new TestData(TimeProvider.System);
            await using var receiver = storage.Broker.OpenReceiver(
                TestData.Owner(owner), [TestData.Queue], TimeSpan.FromMinutes(5));
            while (settled.Count < 2 * Batches * Size)
            {
                var deliveries = (await receiver.ReceiveAsync(30, TimeSpan.FromMilliseconds(200), Stop)).Deliveries;
                if (deliveries.Count > 0)
                {
                    var results = await storage.Store.SettleAsync(
                        [.. deliveries.Select(delivery => data.Outcome(delivery))], Stop);
                    Assert.All(
                        results, result => Assert.Equal(new(SettleStatus.Applied, JobState.Succeeded), result));
                    foreach (var delivery in deliveries)
                    {
                        settled.Add(delivery.Message.Id);
                    }
                }
            }
        }
    }

    [Fact]
    public async Task Publish_InOneStorage_WakesTheOther()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        await using var receiver = two.Receiver();
        var waiting = receiver.WaitForOneAsync(Stop);

        var message = new TestData(TimeProvider.System).Message();
        await one.Broker.PublishAsync([message], Stop);

        Assert.Equal(message.Id, (await waiting.WaitAsync(Receiving.Lease, Stop)).Message.Id);
    }

    [Fact]
    public async Task Reclaim_InOneStorage_WakesTheOthersWaitForOrphans()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        var message = new TestData(TimeProvider.System).Message();
        await one.Broker.PublishAsync([message], Stop);
        Assert.Single(await one.ReceiveAsync(1, Stop, "dead"));
        await using var receiver = two.Receiver();
        var waiting = receiver.ReceiveOrphanAsync(TimeSpan.FromMinutes(10), Stop).AsTask();

        Assert.Equal(1, (await one.Broker.ReclaimAsync([TestData.Owner("dead").Key], 10, Stop)).Orphaned);

        var orphan = Assert.Single((await waiting.WaitAsync(Receiving.Lease, Stop)).Deliveries);
        Assert.Equal((message.Id, true), (orphan.Message.Id, orphan.IsOrphan));
    }

    [Fact]
    public async Task Signals_OfOwnCommits_DoNotSayThatOthersWrote()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        var changed = new ConcurrentQueue<Signal>();
        var heardByTwo = new TaskCompletionSource();
        using var own = one.Signals.Subscribe(changed.Enqueue);
        using var other = two.Signals.Subscribe(_ => heardByTwo.TrySetResult());

        await one.Broker.PublishAsync([new TestData(TimeProvider.System).Message()], Stop);

        await heardByTwo.Task.WaitAsync(TimeSpan.FromSeconds(30), Stop);
        Assert.Empty(changed);
    }

    [Fact]
    public async Task Signals_OfCommandsAndOperations_AreHeardByAnotherProcess()
    {
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        var number = 0L;
        await HearAsync(two, SignalKind.Control, async () =>
            number = await one.Control!.SendAsync(new ControlCommand { Name = ControlCommands.Ping }, Stop));
        await HearAsync(one, SignalKind.Control, async () =>
            await two.Control!.ReplyAsync(number, new ControlReply("worker", true, "here"), Stop));
        await HearAsync(two, SignalKind.OperationsChanged, async () => await one.Operations!.AddAsync(
            new BulkOperation { Id = "op", Action = BulkAction.Cancel, Filter = new JobQuery() }, Stop));

        static async Task HearAsync(JobStorage storage, SignalKind kind, Func<Task> send)
        {
            var heard = new TaskCompletionSource();
            using var listening = storage.Signals.Subscribe(_ => heard.TrySetResult(), kind);
            await send();
            await heard.Task.WaitAsync(TimeSpan.FromSeconds(30), Stop);
        }
    }

    [Fact]
    public async Task Turnstile_BesideABusyHolder_LetsALightOneInSoon()
    {
        const int Rounds = 21;
        using var busy = new Turnstile(_folder.File);
        using var light = new Turnstile(_folder.File);
        using var stop = new CancellationTokenSource();
        var turns = 0;
        var worker = Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    busy.Enter();
                    Interlocked.Increment(ref turns);
                    Thread.SpinWait(20_000);
                    busy.Exit();
                }
            },
            Stop,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        var passed = new List<int>();
        for (var i = 0; i < Rounds; i++)
        {
            var before = Volatile.Read(ref turns);
            light.Enter();
            passed.Add(Volatile.Read(ref turns) - before);
            light.Exit();
        }

        await stop.CancelAsync();
        await worker;
        passed.Sort();
        Assert.InRange(passed[Rounds / 2], 0, 10);
    }

    private async Task<SqliteStorage> OpenAsync()
    {
        var storage = _folder.Storage();
        await storage.OpenAsync(Stop);
        return storage;
    }
}
