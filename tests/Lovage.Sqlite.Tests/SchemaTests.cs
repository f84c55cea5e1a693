using System.Globalization;
using Lovage.Specification;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>Which versions of the schema are opened, which are refused, and how refused files are left.</summary>
public sealed class SchemaTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_NewFile_StoresItsVersionAndMarksNoHeader()
    {
        await MakeAsync();

        using var file = SqliteConnection.OpenReader(_folder.File);
        Assert.Equal(Tables.Version, file.Scalar("SELECT version FROM lovage_version"));
        Assert.Equal(Tables.Steps[^1].ReadableFrom, file.Scalar("SELECT readable_from FROM lovage_version"));
        Assert.Equal((0, 0), (file.Scalar("PRAGMA user_version"), file.Scalar("PRAGMA application_id")));
        Assert.Equal(
            0,
            file.Scalar("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'lovage\\_%' ESCAPE '\\' AND name NOT "
                + "LIKE 'sqlite\\_%' ESCAPE '\\'"));
    }

    [Fact]
    public async Task Open_NewerSchemaThatThisBuildCanRead_IsUsedAndKeepsItsVersion()
    {
        await MakeAsync();
        SetVersion(Tables.Version + 1, Tables.Version);

        await using (var storage = _folder.Storage())
        {
            await storage.OpenAsync(Stop);
            await storage.Broker.PublishAsync([new TestData(TimeProvider.System).Message()], Stop);
            Assert.Single(await storage.ReceiveAsync(10, Stop));
        }

        using var file = SqliteConnection.OpenReader(_folder.File);
        Assert.Equal(Tables.Version + 1, file.Scalar("SELECT version FROM lovage_version"));
    }

    [Fact]
    public async Task Open_NewerSchemaThatThisBuildCannotRead_IsRefusedAndLeftAsItWas()
    {
        await MakeAsync();
        SetVersion(Tables.Version + 1, Tables.Version + 1);

        await RefusedAsync("newer Lovage");
    }

    [Fact]
    public async Task Open_FileMarkedByAPreview_IsRefusedAndLeftAsItWas()
    {
        Write(
            "CREATE TABLE meta(one INTEGER)",
            "PRAGMA application_id = 1280267841",
            "PRAGMA user_version = 1");

        Assert.Contains(_folder.File, await RefusedAsync("made by a preview"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_FileWithThePreviewsTables_IsRefusedAndLeftAsItWas()
    {
        Write("CREATE TABLE meta(one INTEGER)", "CREATE TABLE job(key INTEGER)", "CREATE TABLE course(job INTEGER)");

        var refusal = await RefusedAsync("made by a preview");

        Assert.Contains("drain it with the old build, or delete it", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_OneOfThePreviewsTables_IsAnotherApplications()
    {
        Write("CREATE TABLE job(key INTEGER)");

        await RefusedAsync("another application's");
    }

    private async Task MakeAsync()
    {
        await using var storage = _folder.Storage();
        await storage.OpenAsync(Stop);
    }

    private void SetVersion(int version, int readableFrom) => Write(string.Create(
        CultureInfo.InvariantCulture,
        $"UPDATE lovage_version SET version = {version}, readable_from = {readableFrom}"));

    private void Write(params string[] statements)
    {
        using var file = SqliteConnection.OpenWriter(_folder.File);
        Array.ForEach(statements, file.Execute);
    }

    private async Task<string> RefusedAsync(string why)
    {
        var before = await File.ReadAllBytesAsync(_folder.File, Stop);
        await using var storage = _folder.Storage();
        var refusal = await Assert.ThrowsAsync<StorageException>(async () => await storage.OpenAsync(Stop));
        Assert.False(refusal.IsTransient);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(_folder.File, Stop));
        return refusal.Message;
    }
}
