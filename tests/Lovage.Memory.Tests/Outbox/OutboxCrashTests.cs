using Lovage.Protocol;
using Lovage.Specification;
using Lovage.Storage;
using Lovage.Storage.Memory;
using Lovage.Storage.Outbox;
using Xunit;

namespace Lovage.Memory.Tests.Outbox;

/// <summary>
/// A process that dies at any step between store and broker loses nothing and writes no outcome twice.
/// </summary>
public sealed class OutboxCrashTests
{
    [Fact]
    public async Task EveryStep_CrashThere_LosesNothingAndWritesEachOutcomeOnce()
    {
        var steps = 0;
        for (var crashAt = 1; ; crashAt++)
        {
            await using var run = new CrashRun(crashAt);
            await run.RunAsync();
            await run.CheckAsync();
            if (!run.Crashed)
            {
                break;
            }

            steps++;
        }

        // Each of the calls to the broker has a step before and one after it; the handlers add theirs.
        Assert.InRange(steps, 30, 1_000);
    }

    [Fact]
    public async Task Publish_BrokerAway_IsAcceptedAndDeliveredLater()
    {
        var time = new ManualTimeProvider();
        var away = true;
        var server = new BareServer(time);
        var broker = new BareBroker(server, "first", new BareSignals(), time, () =>
        {
            if (away)
            {
                throw new StorageException("The server is away.", isTransient: true);
            }
        });
        var storage = new OutboxStorage(new MemoryStorage(time), broker, time);
        var message = new TestData(time).Message();

        Assert.Equal(
            [PublishStatus.Accepted],
            await storage.Broker.PublishAsync([message], TestContext.Current.CancellationToken));
        Assert.Equal(0, server.Count);
        away = false;
        var request = new ReceiveRequest(TestData.Owner(), [TestData.Queue], 10, TimeSpan.FromSeconds(30));

        Assert.Equal(
            message.Id,
            Assert.Single(await storage.Broker.ReceiveAsync(request, TestContext.Current.CancellationToken))
                .Message.Id);
    }

    [Fact]
    public async Task RecordAndRun_InAProcessWithoutWorkers_PublishAtOnce()
    {
        var time = new ManualTimeProvider();
        var stop = TestContext.Current.CancellationToken;
        var server = new BareServer(time);
        var schedules = new OutboxStorage(
            new MemoryStorage(time), new BareBroker(server, "first", new BareSignals(), time), time).Schedules!;
        var data = new TestData(time);
        await schedules.SaveAsync(data.Schedule(next: TimeSpan.Zero), stop);

        await schedules.RecordAsync([data.NextFiring((await schedules.FindAsync("nightly", stop))!)], stop);
        Assert.Equal(1, server.Count);
        await schedules.RunAsync("nightly", data.Message(), stop);
        Assert.Equal(2, server.Count);
    }

    [Fact]
    public async Task Release_CopyDeliveredElsewhereMeanwhile_IsNotLost()
    {
        var time = new ManualTimeProvider();
        var stop = TestContext.Current.CancellationToken;
        var (memory, server) = (new MemoryStorage(time), new BareServer(time));
        var first = new OutboxStorage(memory, new BareBroker(server, "first", new BareSignals(), time), time);
        var second = new OutboxStorage(memory, new BareBroker(server, "second", new BareSignals(), time), time);
        await first.Broker.PublishAsync([new TestData(time).Message()], stop);
        var request = new ReceiveRequest(TestData.Owner(), [TestData.Queue], 10, TimeSpan.FromSeconds(30));
        var held = Assert.Single(await first.Broker.ReceiveAsync(request, stop));

        // The connection is lost, the process lives on and its lease holds.
        server.Close("first");
        Assert.Empty(await second.Broker.ReceiveAsync(request, stop));
        Assert.Equal(0, server.Count);
        Assert.Equal(1, await first.Broker.ReleaseAsync([held.Token], stop));

        Assert.Equal(held.Message.Id, Assert.Single(await second.Broker.ReceiveAsync(request, stop)).Message.Id);
    }

    [Fact]
    public async Task Receive_MessageFromElsewhere_BecomesAJob()
    {
        var time = new ManualTimeProvider();
        var stop = TestContext.Current.CancellationToken;
        var server = new BareServer(time);
        var storage = new OutboxStorage(
            new MemoryStorage(time), new BareBroker(server, "first", new BareSignals(), time), time);
        var message = new TestData(time).Message();
        server.Publish([message]);

        var request = new ReceiveRequest(TestData.Owner(), [TestData.Queue], 10, TimeSpan.FromSeconds(30));
        var delivery = Assert.Single(await storage.Broker.ReceiveAsync(request, stop));
        await storage.Store.SettleAsync([new TestData(time).Outcome(delivery)], stop);

        Assert.Equal(JobState.Succeeded, (await storage.Store.FindAsync([message.Id], stop))[0]?.State);
        Assert.Equal(0, server.Count);
    }

    [Fact]
    public async Task Compose_BrokerThatSettlesWithItsStore_IsRefused()
    {
        var time = new ManualTimeProvider();
        await using var memory = new MemoryStorage(time);

        var fault = Assert.Throws<StorageException>(() => new OutboxStorage(memory, memory.Broker, time));
        Assert.Contains("Use its storage alone", fault.Message, StringComparison.Ordinal);
    }

    private sealed class CrashRun : IAsyncDisposable
    {
        private readonly int _crashAt;
        private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

        private readonly ManualTimeProvider _time = new();
        private readonly List<JobId> _ran = [];
        private readonly MemoryStorage _memory;
        private readonly BareServer _server;
        private readonly JobMessage[] _jobs;
        private int _steps;
        private int _processes;
        private bool _hasReleased;
        private bool _armed = true;

        public bool Crashed { get; private set; }

        public CrashRun(int crashAt)
        {
            _crashAt = crashAt;
            _memory = new MemoryStorage(_time);
            _server = new BareServer(_time);
            _jobs = new TestData(_time).Messages(3);
        }

        public ValueTask DisposeAsync() => _memory.DisposeAsync();

        public async Task RunAsync()
        {
            while (true)
            {
                var name = $"p{++_processes}";
                var process = new OutboxStorage(
                    _memory, new BareBroker(_server, name, new BareSignals(), _time, Step), _time);
                try
                {
                    await WorkAsync(process, name);
                    _armed = false;
                    await DrainAsync(process, name);
                    return;
                }
                catch (CrashException)
                {
                    Crashed = true;
                    _server.Close(name);
                    _time.Advance(TimeSpan.FromSeconds(1));
                    await _memory.Broker.ReclaimAsync([TestData.Owner(name).Key], 1_000, CancellationToken.None);
                }
            }
        }

        public async Task CheckAsync()
        {
            var where = $"crash at step {_crashAt}";
            var records = await _memory.Store.FindAsync([.. _jobs.Select(job => job.Id)], CancellationToken.None);
            Assert.True(
                records.Select(r => r?.State).SequenceEqual([JobState.Succeeded, JobState.Succeeded, JobState.Failed]),
                $"{where}: {string.Join(", ", records.Select(r => r?.State))}");
            var counter = Assert.Single(await _memory.Store.CountersAsync(CancellationToken.None));
            Assert.True(
                counter == new JobCounter(TestData.Queue, "tasks.add", 3, 2, 1, 1, 0, 0, 0), $"{where}: {counter}");
            Assert.True(_server.Count == 0, $"{where}: {_server.Count} messages were left behind.");
            Assert.Empty(await _memory.Broker.OwnersAsync(CancellationToken.None));

            // A handler may run again only for the attempt that the crash cut off before its outcome was written.
            Assert.InRange(_ran.Count, 4, Crashed ? 5 : 4);
        }

        private async Task WorkAsync(OutboxStorage process, string name)
        {
            // The client does not know whether a call that died went through, so it makes it again.
            await process.Broker.PublishAsync([_jobs[0]], CancellationToken.None);
            var request = new ReceiveRequest(TestData.Owner(name), [TestData.Queue], 10, Lease);
            while (await process.Broker.ReceiveAsync(request, CancellationToken.None) is { Count: > 0 } deliveries)
            {
                foreach (var delivery in deliveries)
                {
                    if (!_hasReleased)
                    {
                        Step();
                        await process.Broker.ReleaseAsync([delivery.Token], CancellationToken.None);
                        _hasReleased = true;
                        continue;
                    }

                    Step();
                    _ran.Add(delivery.Message.Id);
                    Step();
                    Assert.Equal(
                        [SettleStatus.Applied],
                        await process.Store.SettleAsync([Decide(delivery)], CancellationToken.None));
                    Step();
                    _time.Advance(TimeSpan.FromSeconds(1));
                }
            }
        }

        // One job is retried once, then leads to a second, which leads to a third, which fails.
        private Settlement Decide(Delivery delivery)
        {
            var data = new TestData(_time);
            var index = Array.FindIndex(_jobs, job => job.Id == delivery.Message.Id);
            return index switch
            {
                0 when delivery.Message.Retries == 0 =>
                    data.Outcome(delivery, JobDecision.Retry) with { RetryDelay = TimeSpan.FromSeconds(1) },
                2 => data.Outcome(delivery, JobDecision.Fail),
                _ => data.Outcome(delivery) with { FollowUps = [_jobs[index + 1]] },
            };
        }

        private static async Task DrainAsync(OutboxStorage process, string name)
        {
            var request = new ReceiveRequest(TestData.Owner(name), [TestData.Queue], 10, Lease);
            Assert.Empty(await process.Broker.ReceiveAsync(request, CancellationToken.None));
        }

        private void Step()
        {
            if (_armed && ++_steps == _crashAt)
            {
                throw new CrashException();
            }
        }
    }

    private sealed class CrashException : Exception;
}
