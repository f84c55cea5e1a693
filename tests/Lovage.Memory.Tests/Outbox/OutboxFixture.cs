using Lovage.Specification;
using Lovage.Storage.Memory;
using Lovage.Storage.Outbox;

namespace Lovage.Memory.Tests.Outbox;

/// <summary>
/// A memory store beside a broker apart from it; the second handle is another process: its own connection and
/// composition over the same data.
/// </summary>
public sealed class OutboxFixture : StorageFixture
{
    public override async ValueTask<StorageScope> OpenAsync()
    {
        var time = new ManualTimeProvider();
        var memory = new MemoryStorage(time);
        var server = new BareServer(time);
        var first = new OutboxStorage(memory, new BareBroker(server, "first", new BareSignals(), time), time);
        var second = new OutboxStorage(memory, new BareBroker(server, "second", new BareSignals(), time), time);
        await first.OpenAsync(CancellationToken.None);
        await second.OpenAsync(CancellationToken.None);
        return new StorageScope(first, second, time);
    }
}
