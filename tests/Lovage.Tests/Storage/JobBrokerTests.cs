using Lovage.Storage;
using Lovage.Storage.Memory;
using Lovage.Tests.Execution;

namespace Lovage.Tests.Storage;

/// <summary>What a broker does around a storage's looks.</summary>
public sealed class JobBrokerTests
{
    [Theory]
    [InlineData(9, 1)]
    [InlineData(10, 2)]
    public async Task Receive_NextAfterAllThereWas_WaitsFromThatLookOn(int secondsLater, int looks)
    {
        var time = new TestClock();
        await using var memory = new MemoryStorage(time);
        await using var storage = new CountingStorage(memory, time);
        await storage.OpenAsync(TestContext.Current.CancellationToken);
        await using var receiver = storage.Broker.OpenReceiver(
            new WorkerOwner("boot", "0", 1, 1, "one"), ["default"], TimeSpan.FromMinutes(1));
        var first = await receiver.ReceiveAsync(1, TimeSpan.Zero, TestContext.Current.CancellationToken);
        Assert.Empty(first.Deliveries);
        time.Advance(TimeSpan.FromSeconds(secondsLater));
        using var stop = new CancellationTokenSource();

        var waiting = receiver.ReceiveAsync(1, TimeSpan.FromSeconds(10), stop.Token).AsTask();

        // Memory answers on the caller's thread: a queue that was not looked at by now is waited for.
        Assert.Equal(looks, storage.Looks);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
