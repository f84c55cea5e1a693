namespace Lovage.Dashboard.Tests.Sites;

/// <summary>A folder for a file of SQLite, which goes with it.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lovage-console-");

    /// <summary>The address of a storage: SQLite's in this folder, any other as it is.</summary>
    public string Storage(string kind) =>
        kind == "sqlite" ? $"sqlite:{Path.Combine(_folder.FullName, "lovage.db")}" : kind;

    public void Dispose() => _folder.Delete(recursive: true);
}
