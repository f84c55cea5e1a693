using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage;

/// <summary>
/// Where messages go once they are ready: to the storage, or, in a test, straight on to their handler.
/// </summary>
internal abstract class EnqueueRoute
{
    /// <summary>Batches of one caller that may be on their way at once.</summary>
    internal virtual int BatchesMax => 1;

    /// <summary>Passes one message on.</summary>
    internal abstract ValueTask<PublishResult> PublishAsync(JobMessage message, CancellationToken cancellationToken);

    /// <summary>Passes a batch of 1 to 1,000 on. Those of one caller keep the order in which they are passed.</summary>
    internal abstract ValueTask<IReadOnlyList<PublishResult>> PublishAsync(
        IReadOnlyList<JobMessage> batch, CancellationToken cancellationToken);
}
