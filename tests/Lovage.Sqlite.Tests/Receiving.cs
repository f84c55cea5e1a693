using Lovage.Specification;
using Lovage.Storage;

namespace Lovage.Sqlite.Tests;

/// <summary>Receives as a worker of a test does: from the usual queue, through a receiver of its own.</summary>
internal static class Receiving
{
    internal static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <summary>Ordinary jobs that are ready now.</summary>
    internal static async Task<IReadOnlyList<Delivery>> ReceiveAsync(
        this JobStorage storage, int max, CancellationToken stop, string owner = "one")
    {
        await using var receiver = storage.Receiver(owner);
        return (await receiver.ReceiveAsync(max, TimeSpan.Zero, stop)).Deliveries;
    }

    /// <summary>Waits, by the real clock, until one of the receiver's jobs is ready.</summary>
    internal static async Task<Delivery> WaitForOneAsync(this JobReceiver receiver, CancellationToken stop) =>
        (await receiver.ReceiveAsync(1, TimeSpan.FromMinutes(10), stop)).Deliveries[0];

    internal static JobReceiver Receiver(this JobStorage storage, string owner = "one") =>
        storage.Broker.OpenReceiver(TestData.Owner(owner), [TestData.Queue], Lease);
}
