using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage;

/// <summary>Where messages go once they are ready: to the storage, or, in a test, straight on to their handler.</summary>
internal abstract class EnqueueRoute
{
    /// <summary>Passes one message on.</summary>
    internal abstract ValueTask<PublishStatus> PublishAsync(JobMessage message, CancellationToken cancellationToken);

    /// <summary>Passes a batch of 1 to 1,000 on.</summary>
    internal abstract ValueTask<IReadOnlyList<PublishStatus>> PublishAsync(IReadOnlyList<JobMessage> batch, CancellationToken cancellationToken);
}
