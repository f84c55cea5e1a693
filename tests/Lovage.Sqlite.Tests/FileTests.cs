using System.Diagnostics;
using System.Runtime.Versioning;
using Lovage.Specification;
using Lovage.Sqlite.Native;
using Lovage.Storage;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>Which files are taken, and how they are left.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class FileTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_NewFile_IsReadableByItsOwnerAlone()
    {
        await using var storage = _folder.Storage();
        await storage.OpenAsync(Stop);

        Assert.All(Directory.GetFiles(_folder.Path), file => Assert.Equal(OwnerOnly, File.GetUnixFileMode(file)));
        Assert.Contains("synchronous=NORMAL", storage.Description, StringComparison.Ordinal);
        Assert.Contains(storage.Warnings, warning => warning.Contains("power cut", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Open_DefaultOptions_WarnsOfNothing()
    {
        await using var storage = _folder.Storage(synchronous: SqliteSynchronous.Full);
        await storage.OpenAsync(Stop);

        Assert.Empty(storage.Warnings);
    }

    [Theory]
    [InlineData(3_006_023, false)]
    [InlineData(3_007_000, true)]
    [InlineData(3_044_005, true)]
    [InlineData(3_044_006, false)]
    [InlineData(3_045_000, true)]
    [InlineData(3_050_004, true)]
    [InlineData(3_050_007, false)]
    [InlineData(3_051_002, true)]
    [InlineData(3_051_003, false)]
    [InlineData(3_053_004, false)]
    public void HasResetBug_Version_IsKnown(int version, bool has) =>
        Assert.Equal(has, SqliteLibrary.HasResetBug(version));

    [Fact]
    public async Task Open_RareFieldsAndAnAttempt_AreWrittenAsInOldFiles()
    {
        var data = new TestData(TimeProvider.System);
        await using (var storage = _folder.Storage())
        {
            await storage.OpenAsync(Stop);
            await storage.Broker.PublishAsync([StoredSample.Message(data.Message())], Stop);
            var delivery = Assert.Single(await storage.ReceiveAsync(1, Stop));
            var outcome = data.Outcome(delivery, JobDecision.Fail);
            await storage.Store.SettleAsync([outcome with { Attempt = StoredSample.Attempt(outcome.Attempt) }], Stop);
        }

        using var file = SqliteConnection.OpenReader(_folder.File);
        Assert.Equal(
            $"{StoredSample.Flags} {StoredSample.More}",
            file.ScalarText("SELECT flags || ' ' || CAST(more AS TEXT) FROM lovage_message"));
        Assert.Equal(
            $"{StoredSample.Error} {StoredSample.Logs}",
            file.ScalarText("SELECT CAST(error AS TEXT) || ' ' || CAST(logs AS TEXT) FROM lovage_course"));
    }

    [Fact]
    public async Task Open_SymbolicLink_IsRefused()
    {
        await File.WriteAllTextAsync(_folder.At("target"), "", Stop);
        File.CreateSymbolicLink(_folder.File, _folder.At("target"));

        Assert.Contains("symbolic link", await RefusalAsync(), StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(_folder.At("target")).Length);
    }

    [Fact]
    public async Task Open_FolderReachedByALink_IsTaken()
    {
        Directory.CreateDirectory(_folder.At("real"));
        Directory.CreateSymbolicLink(_folder.At("link"), _folder.At("real"));
        await using var storage = new SqliteStorage(new SqliteStorageOptions { Path = _folder.At("link/jobs.db") });

        await storage.OpenAsync(Stop);

        Assert.True(File.Exists(_folder.At("real/jobs.db")));
    }

    [Fact]
    public async Task Open_Folder_IsRefused()
    {
        Directory.CreateDirectory(_folder.File);

        Assert.Contains("is a folder", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_Fifo_IsRefused()
    {
        using var make = Process.Start("mkfifo", _folder.File);
        await make.WaitForExitAsync(Stop);

        Assert.Contains("no plain file", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_FolderThatEverybodyCanWrite_WarnsUnlessSticky()
    {
        const UnixFileMode Everybody = (UnixFileMode)0x1FF;
        File.SetUnixFileMode(_folder.Path, Everybody);
        await using (var lax = _folder.Storage())
        {
            await lax.OpenAsync(Stop);
            Assert.Contains(
                lax.Warnings, static it => it.Contains("could replace the database", StringComparison.Ordinal));
        }

        File.SetUnixFileMode(_folder.Path, Everybody | UnixFileMode.StickyBit);
        await using var storage = _folder.Storage();
        await storage.OpenAsync(Stop);
        Assert.DoesNotContain(
            storage.Warnings, static it => it.Contains("could replace the database", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Open_LastFolderIsMissing_CreatesItForItsOwnerAlone()
    {
        var folder = _folder.At("jobs");
        await using var storage = new SqliteStorage(
            new SqliteStorageOptions { Path = Path.Combine(folder, "lovage.db") });

        await storage.OpenAsync(Stop);

        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
    }

    [Fact]
    public async Task Open_MoreFoldersAreMissing_IsRefused()
    {
        await using var storage = new SqliteStorage(
            new SqliteStorageOptions { Path = Path.Combine(_folder.At("jobs"), "deeper", "lovage.db") });

        var fault = await Assert.ThrowsAsync<StorageException>(async () => await storage.OpenAsync(Stop));

        Assert.Contains("does not exist", fault.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("jobs")));
    }

    [Fact]
    public async Task Open_AnotherApplicationsDatabase_IsRefusedAndLeftAsItWas()
    {
        using (var foreign = SqliteConnection.OpenWriter(_folder.File))
        {
            foreign.Execute("CREATE TABLE customer(id INTEGER)");
        }

        var before = await File.ReadAllBytesAsync(_folder.File, Stop);

        Assert.Contains("another application's", await RefusalAsync(), StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(_folder.File, Stop));
    }

    [Fact]
    public async Task Open_NoDatabase_IsRefusedAndLeftAsItWas()
    {
        var text = new string('x', 5_000);
        await File.WriteAllTextAsync(_folder.File, text, Stop);

        Assert.Contains("no SQLite database", await RefusalAsync(), StringComparison.Ordinal);
        Assert.Equal(text, await File.ReadAllTextAsync(_folder.File, Stop));
    }

    [Fact]
    public async Task Reopen_AfterClosing_KeepsEverything()
    {
        var time = new ManualTimeProvider();
        var data = new TestData(time);
        var (done, waiting, later) = (
            data.Full() with { HasChosenId = true },
            data.Message(),
            data.Message() with { Delay = TimeSpan.FromHours(1) });
        await using (var storage = _folder.Storage(time))
        {
            await storage.OpenAsync(Stop);
            await storage.Broker.PublishAsync([waiting, done, later], Stop);
            await storage.Broker.PauseAsync("other", "for a reason", Stop);
            var deliveries = await storage.ReceiveAsync(10, Stop);
            await storage.Store.SettleAsync([data.Outcome(deliveries.Single(d => d.Message.Id == done.Id))], Stop);
        }

        await using var reopened = _folder.Storage(time);
        await reopened.OpenAsync(Stop);

        var records = await reopened.History!.FindAsync([waiting.Id, done.Id, later.Id], Stop);
        Assert.Equal(
            [JobState.Queued, JobState.Succeeded, JobState.Scheduled], records.Select(record => record!.State));
        Assert.Equal("3", System.Text.Encoding.UTF8.GetString(records[1]!.Result.Span));
        Assert.Equal("acme", records[1]!.Message.Headers["tenant"]);
        Assert.Equal([TestData.Owner().Key], await reopened.Broker.OwnersAsync(Stop));
        Assert.Single(await reopened.History!.AttemptsAsync(done.Id, Stop));
        Assert.Equal(
            "for a reason",
            (await reopened.Broker.QueuesAsync(Stop)).Single(queue => queue.Queue == "other").PauseReason);
        Assert.Equal(PublishStatus.AlreadyKnown, (await reopened.Broker.PublishAsync([done], Stop))[0].Status);
    }

    [Theory]
    [InlineData("sqlite:")]
    [InlineData("memory:jobs.db")]
    [InlineData("sqlite:jobs.db?mode=ro")]
    [InlineData("sqlite:jobs.db?synchronous=off")]
    public void Create_AddressThatCannotBeRead_IsRefused(string address) =>
        Assert.Throws<ArgumentException>(() => new SqliteStorageProvider().Create(address, TimeProvider.System));

    [Fact]
    public async Task Create_UriInThePath_IsAPlainName()
    {
        await using var storage = new SqliteStorageProvider().Create(
            $"sqlite:{_folder.At("file:memory")}?synchronous=full", TimeProvider.System);
        await storage.OpenAsync(Stop);
        await storage.PingAsync(Stop);

        Assert.True(File.Exists(_folder.At("file:memory")));
        Assert.Contains("synchronous=FULL", storage.Description, StringComparison.Ordinal);
    }

    private async Task<string> RefusalAsync()
    {
        await using var storage = _folder.Storage();
        var refusal = await Assert.ThrowsAsync<StorageException>(async () => await storage.OpenAsync(Stop));
        Assert.False(refusal.IsTransient);
        return refusal.Message;
    }
}
