using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Tags travel with a job, find it, and go with it.</summary>
public abstract class TagSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const string Tag = "order:42";

    private static readonly RetentionPolicy KeepNothing = new(TimeSpan.MaxValue, TimeSpan.MaxValue, 0);

    [Fact]
    public async Task Publish_Tags_ComeBackInTheirOrder()
    {
        var message = Tagged("z:1", Tag, "a");
        await PublishAsync(message, A.Message());

        Assert.Equal(["z:1", Tag, "a"], (await FindAsync(message.Id)).Tags);
        var deliveries = await ReceiveAsync();
        Assert.Equal(["z:1", Tag, "a"], deliveries[0].Message.Tags);
        Assert.Empty(deliveries[1].Message.Tags);
    }

    [Fact]
    public async Task Query_Tag_FindsItsJobsNewestFirstInPages()
    {
        var messages = new List<JobMessage>();
        for (var i = 0; i < 25; i++)
        {
            messages.Add(i % 5 == 0 ? A.Message() : Tagged(i % 2 == 0 ? [Tag] : [Tag, $"customer:{i}"]));
        }

        await PublishAsync([.. messages.Take(12)]);
        await PublishAsync([.. messages.Skip(12)]);
        var seen = new List<JobId>();
        var query = new JobQuery { Tag = Tag, Limit = 7 };
        var pages = 0;
        do
        {
            var page = await History.QueryAsync(query, Stop);
            seen.AddRange(page.Jobs.Select(static job => job.Id));
            query = query with { After = page.Next };
            pages++;
        }
        while (query.After is not null);

        Assert.Equal(Ids(messages.Where(static m => m.Tags.Contains(Tag)).Reverse()), seen);
        Assert.Equal((20, 3), (seen.Count, pages));
        Assert.Equal([messages[23].Id], await IdsAsync(new JobQuery { Tag = "customer:23" }));
        Assert.Empty(await IdsAsync(new JobQuery { Tag = "customer:24" }));
        Assert.Empty(await IdsAsync(new JobQuery { Tag = "ORDER:42" }));
        Assert.Empty(await IdsAsync(new JobQuery { Tag = "order" }));
    }

    [Fact]
    public async Task Query_TagAndOtherFilters_AreCombined()
    {
        var (first, second, third) = (Tagged(Tag), Tagged(Tag), Tagged(Tag) with { Name = "tasks.b" });
        var later = Tagged(Tag) with { Queue = "other", Delay = TimeSpan.FromHours(1) };
        await PublishAsync(first, A.Message(), second, third, later);
        var deliveries = await ReceiveAsync(3);
        await SettleAsync(deliveries[0]);
        await StartAsync(deliveries[2], ahead: false);

        Assert.Equal([first.Id], await IdsAsync(new JobQuery { Tag = Tag, States = [JobState.Succeeded] }));
        Assert.Equal([second.Id], await IdsAsync(new JobQuery { Tag = Tag, States = [JobState.Running] }));
        Assert.Equal([third.Id], await IdsAsync(new JobQuery { Tag = Tag, States = [JobState.Queued] }));
        Assert.Equal([third.Id], await IdsAsync(new JobQuery { Tag = Tag, Name = "tasks.b" }));
        Assert.Equal([later.Id], await IdsAsync(new JobQuery { Tag = Tag, Queue = "other" }));
        Assert.Equal(
            [later.Id, first.Id],
            await IdsAsync(new JobQuery { Tag = Tag, States = [JobState.Scheduled, JobState.Succeeded] }));
        Assert.Empty(await IdsAsync(new JobQuery { Tag = Tag, Name = "tasks.c" }));
    }

    [Fact]
    public async Task Count_Tag_StopsAtTheBound()
    {
        await PublishAsync([.. Enumerable.Range(0, 5).Select(_ => Tagged(Tag)), A.Message()]);

        Assert.Equal(new BoundedCount(5, true), await History.CountAsync(new JobQuery { Tag = Tag }, 6, Stop));
        Assert.Equal(new BoundedCount(5, false), await History.CountAsync(new JobQuery { Tag = Tag }, 5, Stop));
        Assert.Equal(new BoundedCount(0, true), await History.CountAsync(new JobQuery { Tag = "none" }, 5, Stop));
        Assert.Equal(
            new BoundedCount(3, false),
            await History.CountAsync(new JobQuery { Tag = Tag, States = [JobState.Queued] }, 3, Stop));
    }

    [Fact]
    public async Task Publish_KnownId_KeepsTheTagsOfTheFirst()
    {
        var message = Tagged(Tag) with { HasChosenId = true };
        await PublishAsync(message);

        Assert.Equal(
            [PublishStatus.AlreadyKnown, PublishStatus.Accepted],
            await PublishAsync(message with { Tags = ["order:43"] }, Tagged("order:43") with { HasChosenId = true }));

        Assert.Equal([message.Id], await IdsAsync(new JobQuery { Tag = Tag }));
        Assert.DoesNotContain(message.Id, await IdsAsync(new JobQuery { Tag = "order:43" }));
        Assert.Equal([Tag], (await FindAsync(message.Id)).Tags);
    }

    [Fact]
    public async Task Tags_OfAJob_StayThroughItsWholeLife()
    {
        var message = Tagged(Tag) with { Delay = TimeSpan.FromHours(1) };
        await PublishAsync(message);
        await Store.RunNowAsync([message.Id], Stop);
        await Store.MoveAsync([message.Id], new JobMove("other", 3), Stop);
        await AssertFoundAsync(JobState.Queued);
        var delivery = Assert.Single(await ReceiveAsync(1, "one", "other"));
        await SettleAsync(A.Outcome(delivery, JobDecision.Retry) with { RetryDelay = TimeSpan.FromSeconds(1) });
        await AssertFoundAsync(JobState.Retrying);
        Time.Advance(TimeSpan.FromSeconds(2));
        delivery = Assert.Single(await ReceiveAsync(1, "one", "other"));
        Assert.Equal([Tag], delivery.Message.Tags);
        await StartAsync(delivery);
        await KillAsync();
        delivery = await ReceiveOneOrphanAsync("one", "other");
        await SettleAsync(delivery, JobDecision.Fail);
        await AssertFoundAsync(JobState.Failed);
        Assert.Equal(1, await RequeueAsync([message.Id]));
        await AssertFoundAsync(JobState.Queued);
        Assert.Single(await Broker.PurgeAsync("other", 10, Stop));
        await AssertFoundAsync(JobState.Cancelled);

        async Task AssertFoundAsync(JobState state)
        {
            var found = Assert.Single((await History.QueryAsync(new JobQuery { Tag = Tag }, Stop)).Jobs);
            Assert.Equal((message.Id, state), (found.Id, found.State));
            Assert.Equal([Tag], found.Tags);
        }
    }

    [Fact]
    public async Task Delete_EndedJob_TakesItsTagsAlong()
    {
        var (gone, other) = (Tagged(Tag, "a") with { HasChosenId = true }, Tagged(Tag, "b"));
        await PublishAsync(gone, other, A.Message());
        await CancelAsync(gone.Id);

        Assert.Equal([ChangeStatus.Changed], Statuses(await Store.DeleteAsync([gone.Id], Stop)));

        Assert.Equal([other.Id], await IdsAsync(new JobQuery { Tag = Tag }));
        Assert.Empty(await IdsAsync(new JobQuery { Tag = "a" }));
        Assert.Equal(new BoundedCount(1, true), await History.CountAsync(new JobQuery { Tag = Tag }, 10, Stop));

        // The same id is a new job, found by the tags that it has now.
        await PublishAsync(gone with { Tags = ["c"] });
        Assert.Equal([gone.Id], await IdsAsync(new JobQuery { Tag = "c" }));
        Assert.Empty(await IdsAsync(new JobQuery { Tag = "a" }));
    }

    [Fact]
    public async Task Prune_EndedJobs_TakesTheirTagsAlong()
    {
        var kept = Tagged(Tag);
        await PublishAsync(
            [.. Enumerable.Range(0, 20).Select(i => i % 3 == 0 ? A.Message() : Tagged(Tag, $"n:{i}")), kept]);
        foreach (var delivery in await ReceiveAsync(20))
        {
            await SettleAsync(delivery);
        }

        Assert.Equal(20, await Store.PruneAsync(KeepNothing, 100, Stop));

        Assert.Equal([kept.Id], await IdsAsync(new JobQuery { Tag = Tag }));
        Assert.Empty(await IdsAsync(new JobQuery { Tag = "n:1" }));
        Assert.Equal(new BoundedCount(1, true), await History.CountAsync(new JobQuery { Tag = Tag }, 100, Stop));
        Assert.Equal(new BoundedCount(0, true), await History.CountAsync(new JobQuery { Tag = "n:4" }, 100, Stop));
    }

    [Fact]
    public async Task FollowUpsAndTicks_WithTags_AreFound()
    {
        await PublishOneAsync();
        var next = Tagged("next");
        await SettleAsync(A.Outcome(await ReceiveOneAsync()) with { FollowUps = [next] });
        var schedule = await SaveAsync(A.Schedule() with { Job = Tagged("tick") });
        Assert.Equal(["tick"], schedule.Job.Tags);
        Time.Advance(TimeSpan.FromMinutes(1));
        var job = schedule.Job with { Id = A.Id() };
        Assert.Equal(FireStatus.Recorded, await RecordAsync(TestData.NextFiring(schedule, job)));

        Assert.Equal([next.Id], await IdsAsync(new JobQuery { Tag = "next" }));
        Assert.Equal([job.Id], await IdsAsync(new JobQuery { Tag = "tick" }));
    }

    [Fact]
    public async Task Publish_LargestBatchWithMostTags_IsFoundByEach()
    {
        JobMessage[] messages =
        [
            .. Enumerable.Range(0, JobBroker.BatchMax).Select(i =>
                Tagged([.. Enumerable.Range(0, 8).Select(n => $"{n}:{(n == 0 ? 0 : i)}")])),
        ];
        await PublishAsync(messages);

        Assert.Equal(
            new BoundedCount(JobBroker.BatchMax, true),
            await History.CountAsync(new JobQuery { Tag = "0:0" }, 2_000, Stop));
        Assert.Equal([messages[500].Id], await IdsAsync(new JobQuery { Tag = "7:500" }));
        await Store.CancelAsync(Ids(messages), null, Stop);
        Assert.Equal(JobBroker.BatchMax, await Store.PruneAsync(KeepNothing, JobBroker.BatchMax, Stop));
        Assert.Empty(await IdsAsync(new JobQuery { Tag = "0:0" }));
    }

    [Theory]
    [InlineData("'; DROP TABLE jobs; --")]
    [InlineData("%_\\[a-z]*?")]
    [InlineData("{0} $1 ?1 \"tags\":[\"x\"]")]
    [InlineData("grüß 世界 \U0001F33F e\u0301 \u202Eright-to-left\u202C")]
    [InlineData(" ")]
    [InlineData("\\u0000 \\\\u0000")]
    [InlineData("wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww")]
    public async Task Tag_Hostile_ComesBackToTheLetterAndFindsItsJob(string tag)
    {
        const string zero = "zero \0 \\\0 \\u0000 \"tags\":[\"x\"]";
        var message = Tagged("first", tag) with { Origin = zero, ReplyTo = KeepsAnyMessage ? zero : null };
        await PublishAsync(message, Tagged("first"), A.Message() with { Origin = zero, ReplyTo = message.ReplyTo });

        Assert.Equal(["first", tag], (await FindAsync(message.Id)).Tags);
        Assert.Equal([message.Id], await IdsAsync(new JobQuery { Tag = tag }));
        await CancelAsync(message.Id);
        await Store.DeleteAsync([message.Id], Stop);
        Assert.Empty(await IdsAsync(new JobQuery { Tag = tag }));
        Assert.Single(await IdsAsync(new JobQuery { Tag = "first" }));
    }

    [Fact]
    public async Task Headers_NamedTags_AreNoTags()
    {
        var message = A.Message();
        await PublishAsync(message with { Headers = message.Headers.Add("tags", "[\"x\"]") });

        Assert.Empty((await FindAsync(message.Id)).Tags);
        Assert.Empty(await IdsAsync(new JobQuery { Tag = "x" }));
        await CancelAsync(message.Id);
        Assert.Equal([ChangeStatus.Changed], Statuses(await Store.DeleteAsync([message.Id], Stop)));
    }

    private JobMessage Tagged(params string[] tags) => A.Message() with { Tags = [.. tags] };

    /// <summary>The ids of the first page, which the count must agree with.</summary>
    private async Task<JobId[]> IdsAsync(JobQuery query)
    {
        var page = await History.QueryAsync(query, Stop);
        Assert.Equal(page.Jobs.Count, (await History.CountAsync(query, 1_000, Stop)).Value);
        return [.. page.Jobs.Select(static job => job.Id)];
    }
}
