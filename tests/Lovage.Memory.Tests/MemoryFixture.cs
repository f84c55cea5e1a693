using Lovage.Specification;
using Lovage.Storage.Memory;

namespace Lovage.Memory.Tests;

/// <summary>The memory storage; it has no second handle, since nothing outside its process can share it.</summary>
public sealed class MemoryFixture : StorageFixture
{
    public override async ValueTask<StorageScope> OpenAsync()
    {
        var time = new ManualTimeProvider();
        var storage = new MemoryStorage(time);
        await storage.OpenAsync(CancellationToken.None);
        return new StorageScope(storage, storage, time);
    }
}
