using Lovage.Protocol;
using Lovage.Specification;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Reading;
using Lovage.Storage;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>How much a page reads, and the rows that let it pass over most of a file.</summary>
public sealed class PageScanTests : IDisposable
{
    private const string Blocks = "SELECT count(*) FROM lovage_block";

    private readonly TempFolder _folder = new();
    private readonly TestData _data = new(TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Query_RareName_PassesOverBlocksWithoutIt()
    {
        await using var storage = await OpenAsync();
        var rare = _data.Message("tasks.rare");
        await storage.Broker.PublishAsync([rare], Stop);
        await FillAsync(storage, 6_000, static _ => "tasks.add");

        var page = storage.Readers.Read(
            reader => PageReading.Page(reader, new JobQuery { Name = "tasks.rare" }, long.MaxValue, scanMax: 1_200));

        Assert.Equal(rare.Id, Assert.Single(page.Jobs).Id);
        Assert.Null(page.Next);
    }

    [Fact]
    public async Task Query_FilterThatBlocksDoNotHelp_ComesInBoundedSteps()
    {
        await using var storage = await OpenAsync();
        var wanted = _data.Message("tasks.b", "a");
        await storage.Broker.PublishAsync([wanted], Stop);
        await FillAsync(storage, 3_000, static queue => queue == "a" ? "tasks.a" : "tasks.b");
        var query = new JobQuery { Name = "tasks.b", Queue = "a" };
        var (pages, found, before) = (0, new List<JobId>(), long.MaxValue);
        while (before > 0)
        {
            var page = storage.Readers.Read(reader => PageReading.Page(reader, query, before, scanMax: 500));
            found.AddRange(page.Jobs.Select(static job => job.Id));
            before = page.Next is null ? 0 : PageBounds.Before(query with { After = page.Next });
            pages++;
        }

        Assert.Equal([wanted.Id], found);
        Assert.InRange(pages, 5, 12);
    }

    [Fact]
    public async Task Blocks_OfDeletedJobs_AreGoneButForTheNewest()
    {
        await using var storage = await OpenAsync();
        await FillAsync(storage, 5_000, static _ => "tasks.add");
        using var file = SqliteConnection.OpenReader(_folder.File);
        Assert.InRange(file.Scalar(Blocks), 12, 40);
        foreach (var queue in new[] { "a", "b" })
        {
            while ((await storage.Broker.PurgeAsync(queue, 1_000, Stop)).Count > 0)
            {
            }
        }

        while (await storage.Store.PruneAsync(new RetentionPolicy(TimeSpan.MaxValue, TimeSpan.MaxValue, 0), 1_000, Stop)
            > 0)
        {
        }

        Assert.InRange(file.Scalar(Blocks), 0, 4);

        // What is written next is found all the same.
        var next = _data.Message(queue: "a");
        await storage.Broker.PublishAsync([next], Stop);
        var page = await storage.History!.QueryAsync(new JobQuery { Queue = "a", Name = next.Name }, Stop);
        Assert.Equal(next.Id, Assert.Single(page.Jobs).Id);
    }

    [Fact]
    public async Task Blocks_OfARolledBackCall_AreWrittenAgain()
    {
        await using var storage = await OpenAsync();
        await using (var transaction = await storage.Transactions!.BeginAsync(Stop))
        {
            await storage.Transactions.PublishAsync(transaction, [_data.Message("tasks.new", "new")], Stop);
            await transaction.RollbackAsync(Stop);
        }

        var message = _data.Message("tasks.new", "new");
        await storage.Broker.PublishAsync([message], Stop);
        foreach (var query in new[] { new JobQuery { Name = "tasks.new" }, new JobQuery { Queue = "new" } })
        {
            Assert.Equal(message.Id, Assert.Single((await storage.History!.QueryAsync(query, Stop)).Jobs).Id);
        }
    }

    private async Task<SqliteStorage> OpenAsync()
    {
        var storage = _folder.Storage();
        await storage.OpenAsync(Stop);
        return storage;
    }

    private async Task FillAsync(SqliteStorage storage, int jobs, Func<string, string> nameOf)
    {
        for (var sent = 0; sent < jobs; sent += 500)
        {
            JobMessage[] messages =
            [
                .. Enumerable.Range(0, 500).Select(i => i % 2 == 0 ? "a" : "b")
                    .Select(queue => _data.Message(nameOf(queue), queue)),
            ];
            await storage.Broker.PublishAsync(messages, Stop);
        }
    }
}
