using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage;

/// <summary>
/// The way of a message once it is ready: to the storage, and in a test from there straight to its handler.
/// </summary>
internal abstract class EnqueueRoute
{
    /// <summary>Batches of one caller that may be on their way at once.</summary>
    internal virtual int BatchesMax => 1;

    /// <summary>Passes one message on.</summary>
    internal abstract ValueTask<PublishResult> PublishAsync(JobMessage message, CancellationToken cancellationToken);

    /// <summary>Passes a batch of 1 to 1,000 on. The batches of one caller keep their order.</summary>
    internal abstract ValueTask<IReadOnlyList<PublishResult>> PublishAsync(
        IReadOnlyList<JobMessage> batch, CancellationToken cancellationToken);
}
