using Lovage.Storage;
using Lovage.Storage.Memory.State;

namespace Lovage.Simulation.Storage;

/// <summary>
/// Passes calls on over the link, tells the oracle, and plants the bugs that the invariants must find.
/// </summary>
internal sealed class SimulatedJobStore(World world, Node node, LossyBus bus)
    : JobStore("simulation", bus, node.Process.Time)
{
    private readonly SharedStorage _shared = world.Storage;
    private readonly Dictionary<LeaseToken, MemoryJob> _acknowledged = [];
    private readonly Dictionary<LeaseToken, LeaseToken> _written = [];

    protected override async ValueTask<IReadOnlyList<SettleResult>> SettleCoreAsync(
        IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken)
    {
        // The worker's own outcomes have no follow-ups: what a workflow would add stands in here.
        outcomes = [.. outcomes.Select(world.WithFollowUps)];
        var written = outcomes;
        switch (world.Planted)
        {
            case PlantedBug.NoFence:
                written = [.. outcomes.Select(Unfenced)];
                break;
            case PlantedBug.AcknowledgeBeforeOutcome:
                await node.Link.CallAsync(
                    "acknowledge", () => Acknowledge(outcomes), mayRepeat: true, cancellationToken);
                break;
            case PlantedBug.FollowUpAfterCommit:
                written = [.. outcomes.Select(outcome => outcome with { FollowUps = [] })];
                break;
            case PlantedBug.RetryLosesDelay:
                written = [.. outcomes.Select(outcome => outcome with { RetryDelay = TimeSpan.Zero })];
                break;
            default:
                break;
        }

        var results = await node.Link.CallAsync(
            "settle",
            () =>
            {
                IReadOnlyList<Settlement> now = world.Planted == PlantedBug.AcknowledgeBeforeOutcome
                    ? [.. written.Select(Acknowledged)]
                    : written;
                var answers = SharedStorage.Now(_shared.Store.SettleAsync(now, CancellationToken.None));
                world.Oracle.Settled(node, outcomes, answers);
                return answers;
            },
            mayRepeat: true,
            cancellationToken);
        if (world.Planted == PlantedBug.FollowUpAfterCommit)
        {
            foreach (var message in outcomes.Where((_, i) => results[i].Status == SettleStatus.Applied)
                .SelectMany(outcome => outcome.FollowUps))
            {
                await node.Link.CallAsync(
                    "follow-up",
                    () => SharedStorage.Now(_shared.Broker.PublishAsync([message], CancellationToken.None)),
                    mayRepeat: true,
                    cancellationToken);
            }
        }

        return results;
    }

    protected override ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
        IReadOnlyList<JobStart> starts, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "start",
            () =>
            {
                var written = world.Planted == PlantedBug.StartNotWrittenAhead
                    ? [.. starts.Select(start => start with { Ahead = false })]
                    : starts;
                var held = SharedStorage.Now(_shared.Store.RecordStartsAsync(written, CancellationToken.None));
                world.Oracle.StartsRecorded(node, starts, held);
                return held;
            },
            mayRepeat: true,
            cancellationToken);

    protected override async ValueTask ReportProgressCoreAsync(
        IReadOnlyList<ProgressUpdate> updates, CancellationToken cancellationToken) =>
        await node.Link.CallAsync(
            "progress",
            () =>
            {
                SharedStorage.Now(_shared.Store.ReportProgressAsync(updates, CancellationToken.None));
                return true;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<CancelResult>> CancelCoreAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "cancel",
            () =>
            {
                var results = SharedStorage.Now(_shared.Store.CancelAsync(ids, reason, CancellationToken.None));
                world.Oracle.Cancelled(node, ids, results);
                return results;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<ChangeResult>> RequeueCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) => throw NotAsked();

    protected override ValueTask<IReadOnlyList<ChangeResult>> DeleteCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) => throw NotAsked();

    protected override ValueTask<IReadOnlyList<ChangeResult>> RunNowCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) => throw NotAsked();

    protected override ValueTask<IReadOnlyList<ChangeResult>> MoveCoreAsync(
        IReadOnlyList<JobId> ids, JobMove target, CancellationToken cancellationToken) => throw NotAsked();

    protected override ValueTask<int> PruneCoreAsync(
        RetentionPolicy policy, int max, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "prune",
            () => SharedStorage.Now(_shared.Store.PruneAsync(policy, max, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    private static NotSupportedException NotAsked() => new("No simulated client asks for that.");

    /// <summary>
    /// As a store that looks at the job alone: whichever worker holds it now, this outcome is written.
    /// </summary>
    private Settlement Unfenced(Settlement outcome) =>
        _shared.State.TryFind(outcome.Id, out var job) && job.Stamp != 0
            ? outcome with { Token = new LeaseToken(job.Number, job.Stamp) }
            : outcome;

    /// <summary>
    /// As a broker that forgets the delivery first: until the outcome is written no worker holds the job, and it stands
    /// in no queue.
    /// </summary>
    private bool Acknowledge(IReadOnlyList<Settlement> outcomes)
    {
        foreach (var outcome in outcomes)
        {
            if (_shared.State.TryFindClaim(outcome.Token, out var job))
            {
                _shared.Life.EndClaim(job);
                _acknowledged.Add(outcome.Token, job);
            }
        }

        return true;
    }

    /// <summary>Writes the outcome of what was acknowledged, under a claim that stands for the one given up.</summary>
    private Settlement Acknowledged(Settlement outcome)
    {
        if (_acknowledged.Remove(outcome.Token, out var job))
        {
            _written[outcome.Token] = _shared.Life.Claim(job, node.Owner.Key, long.MaxValue, _shared.State.Now).Token;
        }

        return _written.TryGetValue(outcome.Token, out var token) ? outcome with { Token = token } : outcome;
    }
}
