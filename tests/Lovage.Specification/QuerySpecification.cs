using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Pages and bounded counts.</summary>
public abstract class QuerySpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Query_Pages_ShowEveryJobOnceNewestFirst()
    {
        var messages = A.Messages(25);
        await PublishAsync(messages);
        var seen = new List<JobId>();
        var query = new JobQuery { Limit = 10 };
        var pages = 0;
        do
        {
            var page = await History.QueryAsync(query, Stop);
            seen.AddRange(page.Jobs.Select(job => job.Message.Id));
            query = query with { After = page.Next };
            pages++;
        }
        while (query.After is not null);

        Assert.Equal(Ids(messages.Reverse()), seen);
        Assert.Equal(3, pages);
    }

    [Fact]
    public async Task Query_NewJobsBetweenPages_DoNotShiftThem()
    {
        var messages = A.Messages(6);
        await PublishAsync(messages);
        var first = await History.QueryAsync(new JobQuery { Limit = 3 }, Stop);
        Time.Advance(TimeSpan.FromSeconds(1));
        await PublishAsync(A.Messages(4));

        var second = await History.QueryAsync(new JobQuery { Limit = 3, After = first.Next }, Stop);

        Assert.Equal(Ids(messages[..3].Reverse()), second.Jobs.Select(job => job.Message.Id));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task Query_LastPageExactlyFull_SaysThatItIsTheLast()
    {
        await PublishAsync(A.Messages(4));

        Assert.Null((await History.QueryAsync(new JobQuery { Limit = 4 }, Stop)).Next);
        Assert.NotNull((await History.QueryAsync(new JobQuery { Limit = 3 }, Stop)).Next);
    }

    [Fact]
    public async Task Query_Filters_AreCombined()
    {
        await PublishAsync(
            A.Message("tasks.a"),
            A.Message("tasks.b"),
            A.Message("tasks.a", "other"),
            A.Message("tasks.a") with { Delay = TimeSpan.FromHours(1) });
        await SettleAsync(await ReceiveOneAsync());

        Assert.Equal(3, await CountAsync(new JobQuery { Name = "tasks.a" }));
        Assert.Equal(2, await CountAsync(new JobQuery { Name = "tasks.a", Queue = TestData.Queue }));
        Assert.Equal(
            1,
            await CountAsync(new JobQuery { Name = "tasks.a", Queue = TestData.Queue, States = [JobState.Scheduled] }));
        Assert.Equal(2, await CountAsync(new JobQuery { States = [JobState.Succeeded, JobState.Scheduled] }));
        Assert.Equal(0, await CountAsync(new JobQuery { Name = "tasks.A" }));
    }

    [Fact]
    public async Task Query_PlaceNobodyGave_IsRefused() =>
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await History.QueryAsync(new JobQuery { After = "'; DROP TABLE jobs; --" }, Stop));

    [Theory]
    [InlineData(0)]
    [InlineData(1_001)]
    public async Task Query_LimitOutOfRange_IsRefused(int limit) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await History.QueryAsync(new JobQuery { Limit = limit }, Stop));

    [Fact]
    public async Task Count_Bound_StopsThere()
    {
        await PublishAsync(A.Messages(5));

        Assert.Equal(new BoundedCount(5, true), await History.CountAsync(new JobQuery(), 6, Stop));
        Assert.Equal(new BoundedCount(5, false), await History.CountAsync(new JobQuery(), 5, Stop));
        Assert.Equal(new BoundedCount(3, false), await History.CountAsync(new JobQuery(), 3, Stop));
    }

    [Fact]
    public async Task Find_SeveralIds_AnswersInOrderWithNullForTheUnknown()
    {
        var messages = A.Messages(2);
        await PublishAsync(messages);

        var found = await History.FindAsync([messages[1].Id, A.Id(), messages[0].Id], Stop);

        Assert.Equal([messages[1].Id, null, messages[0].Id], found.Select(job => job?.Message.Id));
    }

    private async Task<int> CountAsync(JobQuery query)
    {
        var page = await History.QueryAsync(query, Stop);
        Assert.Equal(page.Jobs.Count, (await History.CountAsync(query, 1_000, Stop)).Value);
        return page.Jobs.Count;
    }
}
