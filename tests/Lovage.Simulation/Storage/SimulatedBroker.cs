using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Simulation.Storage;

/// <summary>
/// Passes calls on over the link, tells the oracle, and plants the bugs that the invariants must find.
/// </summary>
internal sealed class SimulatedBroker(World world, Node node, LossyBus bus)
    : JobBroker("simulation", bus, node.Process.Time)
{
    private readonly SharedStorage _shared = world.Storage;

    protected override ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "publish",
            () =>
            {
                var results = SharedStorage.Now(_shared.Broker.PublishAsync(messages, CancellationToken.None));
                world.Oracle.Published(node, messages, results);
                return results;
            },
            mayRepeat: true,
            cancellationToken);

    protected override JobReceiver OpenReceiverCore(ReceiverOptions options) =>
        new SimulatedReceiver(this, world, node, bus, options);

    protected override ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "renew",
            () =>
            {
                var statuses = SharedStorage.Now(_shared.Broker.RenewAsync(tokens, lease, CancellationToken.None));
                if (world.Planted == PlantedBug.RenewRevivesLostLease)
                {
                    statuses = [.. statuses.Select(status => status == LeaseStatus.Lost ? LeaseStatus.Held : status)];
                }

                world.Oracle.Renewed(node, tokens, lease, statuses);
                return statuses;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<ReleaseResult> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "release",
            () =>
            {
                var result = world.Planted == PlantedBug.ReleasePenalises
                    ? ReleaseAsFailure(tokens)
                    : SharedStorage.Now(_shared.Broker.ReleaseAsync(tokens, CancellationToken.None));
                world.Oracle.Released(node, tokens, result);
                return result;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<ReleaseResult> DeclineCoreAsync(
        IReadOnlyList<DeclinedOffer> offers, TimeSpan limit, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "decline",
            () =>
            {
                var result = world.Planted == PlantedBug.OfferCountsAsFailure
                    ? DeclineAsFailure(offers)
                    : SharedStorage.Now(_shared.Broker.DeclineAsync(offers, limit, CancellationToken.None));
                world.Oracle.Declined(node, offers, limit, result);
                return result;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "reclaim",
            () =>
            {
                var result = SharedStorage.Now(_shared.Broker.ReclaimAsync(deadOwners, max, CancellationToken.None));
                world.Oracle.Reclaimed(node, deadOwners, max, result);
                return result;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "owners",
            () => SharedStorage.Now(_shared.Broker.OwnersAsync(CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override async ValueTask PauseCoreAsync(
        string queue, string reason, CancellationToken cancellationToken) =>
        await node.Link.CallAsync(
            "pause",
            () =>
            {
                SharedStorage.Now(_shared.Broker.PauseAsync(queue, reason, CancellationToken.None));
                world.Oracle.Paused(queue, isPaused: true);
                return true;
            },
            mayRepeat: true,
            cancellationToken);

    protected override async ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken) =>
        await node.Link.CallAsync(
            "resume",
            () =>
            {
                SharedStorage.Now(_shared.Broker.ResumeAsync(queue, CancellationToken.None));
                world.Oracle.Paused(queue, isPaused: false);
                return true;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<EndedJob>> PurgeCoreAsync(
        string queue, int max, CancellationToken cancellationToken) =>
        throw new NotSupportedException("No simulated client purges a queue.");

    protected override ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "queues",
            () => SharedStorage.Now(_shared.Broker.QueuesAsync(CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "peek",
            () => SharedStorage.Now(_shared.Broker.PeekAsync(queue, max, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    private ReleaseResult ReleaseAsFailure(IReadOnlyList<LeaseToken> tokens) =>
        EndAsFailures(tokens.Select(static token => (token, TimeSpan.Zero)));

    private ReleaseResult DeclineAsFailure(IReadOnlyList<DeclinedOffer> offers) =>
        EndAsFailures(offers.Select(static offer => (offer.Token, offer.Delay)));

    private ReleaseResult EndAsFailures(IEnumerable<(LeaseToken Token, TimeSpan Delay)> claims)
    {
        var count = 0;
        var ended = new List<EndedJob>();
        foreach (var (token, delay) in claims)
        {
            if (!_shared.State.TryFindClaim(token, out var job))
            {
                continue;
            }

            count++;
            var outcome = new Settlement
            {
                Token = token,
                Id = job.Message.Id,
                Decision = JobDecision.Retry,
                RetryDelay = delay,
                Attempt = new AttemptRecord
                {
                    Number = 1,
                    End = AttemptEnd.Interrupted,
                    StartedAt = _shared.State.Now,
                    Duration = TimeSpan.Zero,
                    Worker = "",
                },
            };
            SharedStorage.Now(_shared.Store.SettleAsync([outcome], CancellationToken.None));
            if (job.State.IsFinal)
            {
                ended.Add(new EndedJob(job.Message.Id, job.Message.Name, job.State, job.Reason));
            }
        }

        return new ReleaseResult(count, ended);
    }
}
