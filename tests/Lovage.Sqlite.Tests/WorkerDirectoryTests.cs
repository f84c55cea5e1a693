using Lovage.Specification;
using Lovage.Storage;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>Workers in the file: dead ones of another boot, names that are kept once.</summary>
public sealed class WorkerDirectoryTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task List_HostStartedAgain_HasNoWorkerOfBefore()
    {
        await using (var storage = await OpenAsync("first"))
        {
            await storage.Workers!.BeatAsync(Beat("one", "mail"), Stop);
            Assert.Single(await storage.Workers.ListAsync(Stop));
        }

        await using var again = await OpenAsync("second");
        Assert.Empty(await again.Workers!.ListAsync(Stop));

        await again.Workers.BeatAsync(Beat("two", "mail"), Stop);
        Assert.Equal(TestData.Owner("two").Key, Assert.Single(await again.Workers.ListAsync(Stop)).Owner);
        Assert.Equal(1, Count(again, "lovage_worker"));
    }

    [Fact]
    public async Task Beats_OfEqualNames_KeepThemOnceAndNoLongerThanAWorkerKnowsThem()
    {
        await using var storage = await OpenAsync("first");
        foreach (var owner in new[] { "one", "two", "three" })
        {
            await storage.Workers!.BeatAsync(Beat(owner, "mail", "report"), Stop);
        }

        await storage.Workers!.BeatAsync(Beat("four", "report"), Stop);
        Assert.Equal((4, 2), (Count(storage, "lovage_worker"), Count(storage, "lovage_name_set")));

        await storage.Workers.LeaveAsync(TestData.Owner("four"), Stop);
        Assert.Equal((3, 1), (Count(storage, "lovage_worker"), Count(storage, "lovage_name_set")));

        _time.Advance(WorkerDirectory.LiveTime);
        await storage.Workers.BeatAsync(Beat("five", "other"), Stop);
        Assert.Equal((1, 1), (Count(storage, "lovage_worker"), Count(storage, "lovage_name_set")));
    }

    private static long Count(SqliteStorage storage, string table) =>
        storage.Readers.Read(reader => reader.Connection.Scalar($"SELECT count(*) FROM {table}"));

    private WorkerBeat Beat(string owner, params string[] names) => new()
    {
        Owner = TestData.Owner(owner),
        Host = "host",
        Version = "1.0",
        StartedAt = _time.GetUtcNow(),
        Queues = [TestData.Queue],
        Slots = 4,
        Running = 1,
        Names = new JobNameSet(names),
    };

    private async Task<SqliteStorage> OpenAsync(string boot)
    {
        var storage = new SqliteStorage(
            new SqliteStorageOptions { Path = _folder.File, Time = _time, BootId = boot });
        await storage.OpenAsync(Stop);
        return storage;
    }
}
