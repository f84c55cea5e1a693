namespace Lovage.Sqlite.Tests;

/// <summary>A folder for one test's files.</summary>
public sealed class TempFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lovage-sqlite-");

    public string Path => _folder.FullName;

    public string File => At("jobs.db");

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public SqliteStorage Storage(TimeProvider? time = null, SqliteSynchronous synchronous = SqliteSynchronous.Normal) =>
        new(new SqliteStorageOptions { Path = File, Synchronous = synchronous, Time = time ?? TimeProvider.System });

    public void Dispose() => _folder.Delete(recursive: true);
}
