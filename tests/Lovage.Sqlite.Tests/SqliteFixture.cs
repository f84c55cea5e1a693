using Lovage.Specification;

namespace Lovage.Sqlite.Tests;

/// <summary>
/// A file of its own for each scope; the second handle is a second storage on the same file, with connections, locks
/// and a writer's thread of its own.
/// </summary>
public sealed class SqliteFixture : StorageFixture
{
    public override async ValueTask<StorageScope> OpenAsync()
    {
        var time = new ManualTimeProvider();
        var folder = new TempFolder();
        var storage = folder.Storage(time);
        await storage.OpenAsync(CancellationToken.None);
        var other = folder.Storage(time);
        await other.OpenAsync(CancellationToken.None);
        return new StorageScope(storage, other, time, () =>
        {
            folder.Dispose();
            return default;
        })
        {
            BeginAsync = () => storage.Transactions!.BeginAsync(CancellationToken.None),
        };
    }
}
