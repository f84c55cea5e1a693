using System.Collections.Concurrent;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Several workers at once, through two handles.</summary>
public abstract class ConcurrencySpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const int Jobs = 2_000;

    [Fact]
    public async Task Receive_SeveralAtOnce_NoJobGoesToTwo()
    {
        await PublishManyAsync();
        var claimed = new ConcurrentQueue<Delivery>();

        await InParallelAsync(async (storage, worker) =>
        {
            while (await ReceiveFromAsync(storage, 37, worker) is { Count: > 0 } deliveries)
            {
                foreach (var delivery in deliveries)
                {
                    claimed.Enqueue(delivery);
                }
            }
        });

        Assert.Equal(Jobs, claimed.Count);
        Assert.Equal(Jobs, claimed.Select(d => d.Message.Id).Distinct().Count());
        Assert.Equal(Jobs, claimed.Select(d => d.Token).Distinct().Count());
    }

    [Fact]
    public async Task Settle_SameOutcomesBySeveral_AreAppliedOnce()
    {
        await PublishManyAsync();
        var outcomes = new List<Settlement>();
        while (await ReceiveAsync(500) is { Count: > 0 } deliveries)
        {
            outcomes.AddRange(deliveries.Select(d => A.Outcome(d)));
        }

        await InParallelAsync(async (storage, _) =>
        {
            foreach (var batch in outcomes.Chunk(100))
            {
                Assert.All(
                    Statuses(await storage.Store.SettleAsync(batch, Stop)),
                    status => Assert.Equal(SettleStatus.Applied, status));
            }
        });

        var counter = Assert.Single(await History.CountersAsync(Stop));
        Assert.Equal((Jobs, Jobs), (counter.Enqueued, counter.Succeeded));
    }

    [Fact]
    public async Task Work_ReceiveReleaseRetryAndSettleAtOnce_EveryJobEndsOnce()
    {
        await PublishManyAsync();
        var done = new ConcurrentQueue<JobId>();

        await InParallelAsync(async (storage, worker) =>
        {
            var turn = 0;
            while (await ReceiveFromAsync(storage, 20, worker) is { Count: > 0 } deliveries)
            {
                foreach (var delivery in deliveries)
                {
                    if (++turn % 7 == 0)
                    {
                        await storage.Broker.ReleaseAsync([delivery.Token], Stop);
                        continue;
                    }

                    var decision = delivery.Message.Retries == 0 && turn % 5 == 0
                        ? JobDecision.Retry
                        : JobDecision.Succeed;
                    Assert.Equal(
                        SettleStatus.Applied,
                        (await storage.Store.SettleAsync([A.Outcome(delivery, decision)], Stop))[0].Status);
                    if (decision == JobDecision.Succeed)
                    {
                        done.Enqueue(delivery.Message.Id);
                    }
                }
            }
        });

        // Who saw an empty queue may have stopped just before another gave a job back.
        while (await ReceiveAsync() is { Count: > 0 } rest)
        {
            await Store.SettleAsync([.. rest.Select(d => A.Outcome(d))], Stop);
            foreach (var delivery in rest)
            {
                done.Enqueue(delivery.Message.Id);
            }
        }

        Assert.Equal(Jobs, done.Count);
        Assert.Equal(Jobs, done.Distinct().Count());
        Assert.Equal(Jobs, Assert.Single(await History.CountersAsync(Stop)).Succeeded);
        var queue = await QueueAsync();
        Assert.Equal((0L, 0L, 0L), (queue.Ready, queue.Scheduled, queue.Claimed));
    }

    [Fact]
    public async Task Publish_SameChosenIdBySeveral_IsAcceptedOnce()
    {
        var message = A.Message() with { HasChosenId = true };
        var statuses = new ConcurrentQueue<PublishStatus>();

        await InParallelAsync(
            async (storage, _) => statuses.Enqueue((await storage.Broker.PublishAsync([message], Stop))[0].Status));

        Assert.Single(statuses, PublishStatus.Accepted);
        Assert.Single(await ReceiveAsync());
    }

    private async Task PublishManyAsync()
    {
        foreach (var batch in A.Messages(Jobs).Chunk(500))
        {
            await PublishAsync(batch);
        }
    }

    private Task InParallelAsync(Func<JobStorage, string, Task> work) =>
        Task.WhenAll(
            Enumerable.Range(0, 4).Select(i => Task.Run(() => work(i % 2 == 0 ? Storage : Other, $"w{i}"), Stop)));
}
