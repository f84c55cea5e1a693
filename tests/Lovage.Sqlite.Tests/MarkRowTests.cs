using Lovage.Specification;
using Lovage.Sqlite.Native;
using Lovage.Storage;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>The rows of marks: one each, found by the table's key, and gone with their jobs.</summary>
public sealed class MarkRowTests : IDisposable
{
    private const string Rows = "SELECT count(*) FROM lovage_mark";

    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rows_OfDeletedAndPrunedJobs_AreGone()
    {
        var data = new TestData(TimeProvider.System);
        var jobs = data.Messages(4);
        jobs[0] = jobs[0] with { Tags = ["a", "b"] };
        jobs[1] = jobs[1] with { Tags = ["a"] };
        jobs[2] = jobs[2] with { Tags = ["a", "c"] };
        await using var storage = _folder.Storage();
        await storage.OpenAsync(Stop);
        await storage.Broker.PublishAsync(jobs, Stop);
        using var file = SqliteConnection.OpenReader(_folder.File);
        Assert.Equal(5, file.Scalar(Rows));
        await storage.Store.CancelAsync([jobs[0].Id, jobs[1].Id, jobs[3].Id], null, Stop);
        Assert.Equal(5, file.Scalar(Rows));

        await storage.Store.DeleteAsync([jobs[0].Id], Stop);
        Assert.Equal(3, file.Scalar(Rows));
        await storage.Store.PruneAsync(new RetentionPolicy(TimeSpan.MaxValue, TimeSpan.MaxValue, 0), 10, Stop);

        Assert.Equal(2, file.Scalar(Rows));
    }

    [Fact]
    public async Task Page_OfATag_ReadsTheKeyOfTheTable()
    {
        await using var storage = _folder.Storage();
        await storage.OpenAsync(Stop);
        using var file = SqliteConnection.OpenReader(_folder.File);
        using var plan = file.Prepare(
            "EXPLAIN QUERY PLAN SELECT job FROM lovage_mark WHERE kind = 0 AND text = 'a' AND job < 9 "
                + "ORDER BY job DESC LIMIT 50");
        var steps = new List<string>();
        while (plan.Read())
        {
            steps.Add(plan.Text(3));
        }

        Assert.Equal(["SEARCH lovage_mark USING PRIMARY KEY (kind=? AND text=? AND job<?)"], steps);
    }
}
