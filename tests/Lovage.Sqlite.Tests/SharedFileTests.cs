using Lovage.Specification;
using Lovage.Sqlite.Native;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>Which files of the app's are taken with <c>shared=true</c>, when, and what is put into them.</summary>
public sealed class SharedFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_FileOfTheApps_AddsTablesWithThePrefixAndLeavesTheAppsAlone()
    {
        Write("CREATE TABLE meta(x)", "CREATE TABLE job(x)", "CREATE TABLE course(x)", "INSERT INTO job VALUES (7)");

        await using var storage = Shared();
        await storage.OpenAsync(Stop);
        await storage.Broker.PublishAsync([new TestData(TimeProvider.System).Message()], Stop);

        Assert.Single(await storage.ReceiveAsync(10, Stop));
        using var file = SqliteConnection.OpenReader(_folder.File);
        Assert.Equal(7, file.Scalar("SELECT x FROM job"));
        Assert.Equal(
            "course,job,meta",
            file.ScalarText(
                "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE name NOT LIKE 'lovage\\_%' "
                    + "ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name)"));
        Assert.Contains("shared with the app", storage.Description, StringComparison.Ordinal);
        Assert.Empty(storage.Warnings);
    }

    [Fact]
    public async Task Open_BeforeTheAppHasMadeItsTables_WaitsForThem()
    {
        await using var storage = Shared();
        await RefusedAsync(storage);
        Assert.False(File.Exists(_folder.File));
        Write("PRAGMA journal_mode = WAL");
        await RefusedAsync(storage);

        Write("CREATE TABLE customer(id INTEGER)");
        await storage.OpenAsync(Stop);

        await storage.PingAsync(Stop);
    }

    [Fact]
    public async Task Open_FileThatLovageHasMade_IsTaken()
    {
        await using (var own = _folder.Storage())
        {
            await own.OpenAsync(Stop);
        }

        await using var storage = Shared();
        await storage.OpenAsync(Stop);
    }

    [Fact]
    public async Task Open_FileWithoutAWriteAheadLog_GetsOne()
    {
        Write("PRAGMA journal_mode = DELETE", "CREATE TABLE customer(id INTEGER)");

        await using var storage = Shared();
        await storage.OpenAsync(Stop);

        using var file = SqliteConnection.OpenReader(_folder.File);
        Assert.Equal("wal", file.ScalarText("PRAGMA journal_mode"));
    }

    [Fact]
    public async Task Open_FileOfTheAppsWithoutTheSetting_NamesIt()
    {
        Write("CREATE TABLE customer(id INTEGER)");
        await using var storage = _folder.Storage();

        var refusal = await Assert.ThrowsAsync<StorageException>(async () => await storage.OpenAsync(Stop));

        Assert.Contains($"sqlite:{_folder.File}?shared=true", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shared=true", true)]
    [InlineData("SHARED=TRUE&synchronous=normal", true)]
    [InlineData("shared=false", false)]
    [InlineData("synchronous=full", false)]
    public async Task Create_Setting_IsRead(string settings, bool isShared)
    {
        await using var storage = new SqliteStorageProvider().Create(
            $"sqlite:{_folder.File}?{settings}", TimeProvider.System);

        Assert.Equal(isShared, storage.Description.Contains("shared", StringComparison.Ordinal));
    }

    [Fact]
    public void Create_SettingWithAnotherValue_SaysWhichThereAre()
    {
        var refusal = Assert.Throws<ArgumentException>(
            () => new SqliteStorageProvider().Create("sqlite:shop.db?shared=yes", TimeProvider.System));

        Assert.Contains("'shared' is true or false", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(SqliteStorage storage)
    {
        var refusal = await Assert.ThrowsAsync<StorageException>(async () => await storage.OpenAsync(Stop));
        Assert.True(refusal.IsTransient);
        Assert.Contains("MigrateAsync or EnsureCreatedAsync", refusal.Message, StringComparison.Ordinal);
    }

    private SqliteStorage Shared() => new(new SqliteStorageOptions { Path = _folder.File, IsShared = true });

    private void Write(params string[] statements)
    {
        using var file = SqliteConnection.OpenWriter(_folder.File);
        Array.ForEach(statements, file.Execute);
    }
}
