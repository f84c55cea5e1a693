using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Which job comes next.</summary>
public abstract class OrderSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Receive_Priorities_ZeroComesFirst()
    {
        var messages = Enumerable.Range(0, 10).Select(i => A.Message(priority: 9 - i)).ToArray();
        await PublishAsync(messages);

        Assert.Equal(Ids(messages.Reverse()), Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Receive_SamePriority_FirstReadyComesFirst()
    {
        var messages = new[] { A.Message(priority: 5), A.Message(), A.Message(priority: 5), A.Message() };
        foreach (var message in messages)
        {
            await PublishAsync(message);
        }

        Assert.Equal([messages[1].Id, messages[3].Id, messages[0].Id, messages[2].Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task PublishInOrder_CallsThatDoNotWaitForTheOnesBefore_KeepTheirOrder()
    {
        var batches = Enumerable.Range(0, 6).Select(i => A.Messages(i % 2 == 0 ? 400 : 3)).ToArray();
        batches[3][1] = batches[3][1] with { Id = JobId.Parse("chosen"), HasChosenId = true };
        batches[4][0] = batches[4][0] with { Expires = DateTimeOffset.UtcNow.AddYears(50) };
        var calls = Array.ConvertAll(batches, batch => Broker.PublishInOrderAsync(batch, Stop).AsTask());
        Assert.All(
            await Task.WhenAll(calls),
            results => Assert.All(Statuses(results), status => Assert.Equal(PublishStatus.Accepted, status)));

        List<JobId> received = [.. Ids(await ReceiveAsync(1_000))];
        received.AddRange(Ids(await ReceiveAsync(1_000)));
        Assert.Equal(batches.SelectMany(static batch => batch).Select(static message => message.Id), received);
    }

    [Fact]
    public async Task Receive_SeveralQueues_AreServedInTheOrderOfTheReceiver()
    {
        var (slow, quick) = (A.Message(queue: "slow", priority: 0), A.Message(queue: "quick", priority: 9));
        await PublishAsync(slow, quick);

        Assert.Equal([quick.Id, slow.Id], Ids(await ReceiveAsync(100, "one", "quick", "slow")));
    }

    [Fact]
    public async Task Receive_QueueNotAskedFor_IsLeftAlone()
    {
        await PublishAsync(A.Message(queue: "other"));

        Assert.Empty(await ReceiveAsync());
    }

    [Fact]
    public async Task Receive_ReleasedJobs_ComeBackToTheFrontInTheirOldOrder()
    {
        var messages = A.Messages(5);
        await PublishAsync(messages);
        var taken = await ReceiveAsync(3);
        await ReleaseAsync([taken[2].Token, taken[0].Token, taken[1].Token]);

        Assert.Equal(Ids(messages), Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Receive_DueJobs_JoinTheBack()
    {
        var (late, early) = (
            A.Message() with { Delay = TimeSpan.FromSeconds(20) },
            A.Message() with { Delay = TimeSpan.FromSeconds(10) });
        var ready = A.Message();
        await PublishAsync(late, early, ready);
        Time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal([ready.Id, early.Id, late.Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Receive_RetriedJob_JoinsTheBack()
    {
        var messages = A.Messages(3);
        await PublishAsync(messages);
        await SettleAsync(
            A.Outcome(await ReceiveOneAsync(), JobDecision.Retry) with { RetryDelay = TimeSpan.FromSeconds(5) });
        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([messages[1].Id, messages[2].Id, messages[0].Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Receive_ReleasedJobs_StillObeyPriority()
    {
        var low = A.Message(priority: 7);
        await PublishAsync(low);
        var taken = await ReceiveOneAsync();
        var high = A.Message(priority: 1);
        await PublishAsync(high);
        await ReleaseAsync([taken.Token]);

        Assert.Equal([high.Id, low.Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Peek_ReadyJobs_AreShownInOrderAndNotClaimed()
    {
        var messages = new[]
        {
            A.Message(priority: 5),
            A.Message(),
            A.Message() with { Delay = TimeSpan.FromHours(1) },
            A.Message(),
        };
        await PublishAsync(messages);

        var peeked = await Broker.PeekAsync(TestData.Queue, 2, Stop);

        Assert.Equal([messages[1].Id, messages[3].Id], Ids(peeked));
        Assert.Equal([messages[1].Id, messages[3].Id, messages[0].Id], Ids(await ReceiveAsync()));
        Assert.Empty(await Broker.PeekAsync(TestData.Queue, 2, Stop));
    }
}
