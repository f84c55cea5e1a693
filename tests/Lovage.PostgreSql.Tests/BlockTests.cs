using Lovage.Storage;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>The blocks of keys by which jobs of a queue, a name or a worker are found.</summary>
public sealed class BlockTests : SchemaTests
{
    private static readonly RetentionPolicy KeepNothing = new(TimeSpan.MaxValue, TimeSpan.MaxValue, 0);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Query_RareJobBehindManyOthers_IsOnTheFirstPage(bool isSummedUp)
    {
        await using var storage = await OpenAsync(Options);
        var rare = Data.Message("tasks.rare");
        await storage.Broker.PublishAsync([rare], Stop);
        for (var i = 0; i < 21; i++)
        {
            await storage.Broker.PublishAsync(Data.Messages(1_000), Stop);
        }

        if (isSummedUp)
        {
            await storage.Broker.ReclaimAsync([], 1, Stop);
        }

        var page = await storage.History!.QueryAsync(new JobQuery { Name = "tasks.rare", Limit = 10 }, Stop);
        Assert.Equal([rare.Id], page.Jobs.Select(static job => job.Id));
        Assert.Null(page.Next);
        Assert.Equal(
            new BoundedCount(1, true),
            await storage.History!.CountAsync(new JobQuery { Name = "tasks.rare" }, 10, Stop));
    }

    [Fact]
    public async Task Query_MoreBlocksThanOnePageReads_GoesOnBehindThem()
    {
        await using var storage = await OpenAsync(Options);
        var old = Data.Message("tasks.rare");
        await storage.Broker.PublishAsync([old], Stop);

        // Blocks behind the job's that hold none: what was there has gone.
        await Server.ExecuteAsync($"SELECT nextval('{Schema}.ticket') FROM generate_series(1, 300000)");
        await Server.ExecuteAsync($"""
            INSERT INTO {Schema}.block(kind, word, block)
              SELECT 2, (SELECT id FROM {Schema}.word WHERE text = 'tasks.rare'), (t.last_value - 300000) / 1024 + b
              FROM {Schema}.ticket t, generate_series(1, 250) b
            """);

        var query = new JobQuery { Name = "tasks.rare" };
        var page = await storage.History!.QueryAsync(query, Stop);
        Assert.Empty(page.Jobs);
        page = await storage.History!.QueryAsync(query with { After = page.Next }, Stop);

        Assert.Equal([old.Id], page.Jobs.Select(static job => job.Id));
        Assert.Null(page.Next);
    }

    [Fact]
    public async Task Rows_OfPrunedJobs_GoWithTheLastJobOfTheirBlock()
    {
        await using var storage = await OpenAsync(Options);
        var jobs = Data.Messages(3);
        await storage.Broker.PublishAsync(jobs, Stop);
        await storage.Store.CancelAsync([jobs[0].Id, jobs[1].Id], null, Stop);
        await storage.Store.PruneAsync(KeepNothing, 10, Stop);
        await storage.Broker.ReclaimAsync([], 1, Stop);
        Assert.Equal(3, await CountAsync());

        await storage.Store.CancelAsync([jobs[2].Id], null, Stop);
        await storage.Store.PruneAsync(KeepNothing, 10, Stop);
        await storage.Broker.ReclaimAsync([], 1, Stop);

        Assert.Equal(0, await CountAsync());
    }

    private Task<long> CountAsync() => Server.ScalarAsync<long>($"SELECT count(*) FROM {Schema}.block");
}
