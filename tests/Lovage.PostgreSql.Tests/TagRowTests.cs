using Lovage.Storage;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>The rows of tags: one each, and gone with their jobs.</summary>
public sealed class TagRowTests : SchemaTests
{
    [Fact]
    public async Task Rows_OfDeletedAndPrunedJobs_AreGone()
    {
        var jobs = Data.Messages(4);
        jobs[0] = jobs[0] with { Tags = ["a", "b"] };
        jobs[1] = jobs[1] with { Tags = ["a"] };
        jobs[2] = jobs[2] with { Tags = ["a", "c"] };
        await using var storage = await OpenAsync(Options);
        await storage.Broker.PublishAsync(jobs, Stop);
        Assert.Equal(5, await CountAsync());
        await storage.Store.CancelAsync([jobs[0].Id, jobs[1].Id, jobs[3].Id], null, Stop);
        Assert.Equal(5, await CountAsync());

        await storage.Store.DeleteAsync([jobs[0].Id], Stop);
        Assert.Equal(3, await CountAsync());
        await storage.Store.PruneAsync(new RetentionPolicy(TimeSpan.MaxValue, TimeSpan.MaxValue, 0), 10, Stop);

        Assert.Equal(2, await CountAsync());
    }

    private Task<long> CountAsync() => Server.ScalarAsync<long>($"SELECT count(*) FROM {Schema}.mark");
}
