using Lovage.Protocol;

namespace Lovage.Storage.Outbox;

/// <summary>
/// What a store offers for a broker apart from it. Once opened (<see cref="JobStore.OpenOutbox"/>), the store's own
/// broker still keeps every job's place, lease and counts, but a job is claimed only when the other broker delivers its
/// copy; and each time a job is to be delivered (accepted, retried, requeued), a copy is written to the outbox in the
/// same transaction.
/// </summary>
/// <remarks>
/// Safe for use by several threads. Each copy has a number that rides in the header <see cref="CopyHeader"/>; of a job
/// only the newest copy is good, so that one which the broker delivers again is told from the one that counts. Every
/// call can be repeated.
/// </remarks>
public abstract class JobOutbox
{
    /// <summary>The header of a copy's number.</summary>
    public const string CopyHeader = "lovage_copy";

    /// <summary>
    /// Claims one job that came back from a dead owner, which the store keeps itself, and says what else can be asked
    /// for.
    /// </summary>
    /// <param name="request">Who asks, for what.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public abstract ValueTask<OutboxLook> LookAsync(ReceiveRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Claims the jobs whose copies the broker has delivered. A copy that is not granted is to be acknowledged: its job
    /// has ended, is held by somebody (whose lease the store watches), or has a newer copy. A message without a number
    /// is from elsewhere: a job is made of it on the spot, unless its id is known.
    /// </summary>
    /// <param name="request">Who asks, for how long.</param>
    /// <param name="copies">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>For each, in order, the delivery; null when it is not granted.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public abstract ValueTask<IReadOnlyList<Delivery?>> AdmitAsync(
        ReceiveRequest request, IReadOnlyList<JobMessage> copies, CancellationToken cancellationToken);

    /// <summary>
    /// Reads copies that are still to be published, oldest first, each with what is left of its delay.
    /// </summary>
    /// <param name="max">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public abstract ValueTask<IReadOnlyList<OutboxCopy>> PendingAsync(int max, CancellationToken cancellationToken);

    /// <summary>Takes out copies that are published; those already out are passed over.</summary>
    /// <param name="numbers">1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public abstract ValueTask ClearAsync(IReadOnlyList<long> numbers, CancellationToken cancellationToken);
}

/// <summary>What the store itself has for a worker.</summary>
/// <param name="Reclaimed">A job that came back from a dead owner; null when there is none or none was asked
/// for.</param>
/// <param name="Queues">The queues of the request that are not paused, in its order.</param>
/// <param name="NextDue">How long until the next scheduled job of these queues becomes ready; null when there is
/// none.</param>
public readonly record struct OutboxLook(Delivery? Reclaimed, IReadOnlyList<string> Queues, TimeSpan? NextDue);

/// <summary>A message that is to be published.</summary>
/// <param name="Number">Its number, which grows with each copy.</param>
/// <param name="Message">The message, its number in its headers.</param>
public readonly record struct OutboxCopy(long Number, JobMessage Message);
