using System.Collections.Immutable;
using System.Text;
using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Publishing, and ids that the caller chose.</summary>
public abstract class PublishSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Publish_NewMessage_IsQueuedAndKnown()
    {
        var message = A.Message();

        Assert.Equal([PublishStatus.Accepted], await PublishAsync(message));

        var record = await FindAsync(message.Id);
        Assert.Equal(JobState.Queued, record.State);
        Assert.Equal(Time.GetUtcNow(), record.EnqueuedAt);
        Assert.Null(record.DueAt);
        Assert.Null(record.StartedAt);
        Assert.Null(record.FinishedAt);
        Assert.Equal(0, record.Attempts);
        Assert.True(record.Result.IsEmpty);
        Assert.False(record.CancelRequested);
    }

    [Fact]
    public async Task Publish_EveryField_ComesBackToTheLetter()
    {
        var message = A.Full();
        await PublishAsync(message);

        AssertSame(message, (await FindAsync(message.Id)).Message);
        AssertSame(message, (await ReceiveOneAsync()).Message);
    }

    // A storage may write jobs that are alike in another way than others: each field on which such a choice may rest is
    // looked at on both sides of it.
    [Fact]
    public async Task Publish_BatchesThatAreAlikeAndNot_ComeBackToTheLetter()
    {
        JobMessage Alike(int i) => A.Full() with
        {
            Id = JobId.Parse($"alike{i}"),
            Delay = TimeSpan.Zero,
            Eta = null,
            Expires = null,
            Extra = default,
            HasChosenId = false,
            Body = Encoding.UTF8.GetBytes($"[[{i}], {{}}, {{}}]"),
        };

        JobMessage[] alike = [.. Enumerable.Range(0, 4).Select(Alike)];
        JobMessage[][] batches =
        [
            alike,
            [Alike(10), Alike(11) with { Priority = 1 }],
            [Alike(20), Alike(21) with { Retries = 9 }],
            [Alike(30), Alike(31) with { MaxAttempts = null }],
            [Alike(40), Alike(41) with { IgnoreResult = false }],
            [Alike(50), Alike(51) with { Origin = "another" }],
            [Alike(60), Alike(61) with { Expires = Time.GetUtcNow().AddDays(2) }],
            [Alike(70), Alike(71) with { Extra = "{\"x\":[1]}"u8.ToArray() }],
            [Alike(80), Alike(81) with { Delay = TimeSpan.FromHours(1) }],
            [Alike(90), Alike(91) with { Name = "tasks.other", Headers = ImmutableDictionary<string, string>.Empty }],
        ];
        foreach (var batch in batches)
        {
            await PublishAsync(batch);
            foreach (var message in batch)
            {
                AssertSame(message, (await FindAsync(message.Id)).Message);
            }
        }

        Assert.Equal(
            (21, 1),
            Assert.Single(await Broker.QueuesAsync(Stop)) is var queue ? (queue.Ready, queue.Scheduled) : default);
    }

    [Fact]
    public async Task Publish_ChosenIdWithSameContent_IsAlreadyKnown()
    {
        var message = A.Message() with { HasChosenId = true };
        await PublishAsync(message);

        Assert.Equal([PublishStatus.AlreadyKnown], await PublishAsync(message with { Body = message.Body.ToArray() }));
        Assert.Single(await ReceiveAsync());
        Assert.Equal(1, Assert.Single(await History.CountersAsync(Stop)).Enqueued);
    }

    [Theory]
    [InlineData("tasks.other", "[[1, 2], {}, {}]")]
    [InlineData("tasks.add", "[[1, 3], {}, {}]")]
    public async Task Publish_ChosenIdWithOtherContent_IsRefused(string name, string body)
    {
        var message = A.Message() with { HasChosenId = true };
        await PublishAsync(message);

        Assert.Equal(
            [PublishStatus.IdConflict],
            await PublishAsync(A.Message(name, body: body) with { Id = message.Id, HasChosenId = true }));
        AssertSame(message, Assert.Single(await ReceiveAsync()).Message);
    }

    [Fact]
    public async Task Publish_ChosenIdTwiceInOneBatch_IsStoredOnce()
    {
        var message = A.Message() with { HasChosenId = true };

        Assert.Equal([PublishStatus.Accepted, PublishStatus.AlreadyKnown], await PublishAsync(message, message));
        Assert.Single(await ReceiveAsync());
    }

    [Fact]
    public async Task Publish_ChosenIdOfAnEndedJob_IsAlreadyKnown()
    {
        var message = A.Message() with { HasChosenId = true };
        await PublishAsync(message);
        await SettleAsync(await ReceiveOneAsync());

        Assert.Equal([PublishStatus.AlreadyKnown], await PublishAsync(message));
        Assert.Empty(await ReceiveAsync());
    }

    [Fact]
    public async Task Publish_ConflictInABatch_LeavesItsNeighboursAccepted()
    {
        var taken = A.Message() with { HasChosenId = true };
        await PublishAsync(taken);

        var (before, after) = (A.Message(), A.Message());
        var statuses = await PublishAsync(before, taken with { Name = "tasks.other" }, after);

        Assert.Equal([PublishStatus.Accepted, PublishStatus.IdConflict, PublishStatus.Accepted], statuses);
        Assert.Equal([taken.Id, before.Id, after.Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Publish_LargestBatch_AllComeBackInOrder()
    {
        var messages = A.Messages(JobBroker.BatchMax);

        Assert.All(await PublishAsync(messages), status => Assert.Equal(PublishStatus.Accepted, status));
        Assert.Equal(Ids(messages), Ids(await ReceiveAsync(JobBroker.BatchMax)));
    }

    [Fact]
    public async Task Publish_BatchOutOfRange_IsRefused()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => PublishAsync());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => PublishAsync(A.Messages(JobBroker.BatchMax + 1)));
    }

    [Fact]
    public async Task Publish_ThroughOneHandle_IsReceivedThroughTheOther()
    {
        var message = await PublishOneAsync();

        Assert.Equal([message.Id], Ids(await ReceiveFromAsync(Other)));
        Assert.Empty(await ReceiveAsync());
    }

    [Fact]
    public async Task Publish_Accepted_SaysIdAndState()
    {
        JobMessage[] messages =
        [
            A.Message(),
            A.Message() with { Delay = TimeSpan.FromHours(1) },
            A.Message() with { Eta = Time.GetUtcNow().AddHours(1) },
            A.Message() with { HasChosenId = true },
        ];

        Assert.Equal(
            [
                new PublishResult(PublishStatus.Accepted, messages[0].Id, JobState.Queued),
                new(PublishStatus.Accepted, messages[1].Id, JobState.Scheduled),
                new(PublishStatus.Accepted, messages[2].Id, JobState.Scheduled),
                new(PublishStatus.Accepted, messages[3].Id, JobState.Queued),
            ],
            await Broker.PublishAsync(messages, Stop));
    }

    [Fact]
    public async Task Publish_ChosenIdTwiceInOneBatch_SaysTheStateOfTheFirst()
    {
        var message = A.Message() with { HasChosenId = true, Delay = TimeSpan.FromHours(1) };

        Assert.Equal(
            [
                new PublishResult(PublishStatus.Accepted, message.Id, JobState.Scheduled),
                new(PublishStatus.AlreadyKnown, message.Id, JobState.Scheduled),
                new(PublishStatus.IdConflict, message.Id, JobState.Scheduled),
            ],
            await Broker.PublishAsync([message, message, message with { Name = "tasks.other" }], Stop));
    }
}
