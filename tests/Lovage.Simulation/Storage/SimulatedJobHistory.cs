using Lovage.Storage;

namespace Lovage.Simulation.Storage;

/// <summary>Passes calls on over the link.</summary>
internal sealed class SimulatedJobHistory(World world, Node node) : JobHistory
{
    private readonly JobHistory _shared = world.Storage.History;

    public override JobQualifiers Qualifiers => _shared.Qualifiers;

    protected override ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "find",
            () => SharedStorage.Now(_shared.FindAsync(ids, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "query",
            () => SharedStorage.Now(_shared.QueryAsync(query, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<BoundedCount> CountCoreAsync(
        JobQuery query, int max, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "count",
            () => SharedStorage.Now(_shared.CountAsync(query, max, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<ScheduledJob?>> NewestOfSchedulesCoreAsync(
        IReadOnlyList<string> schedules, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "scheduled",
            () => SharedStorage.Now(_shared.NewestOfSchedulesAsync(schedules, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "attempts",
            () => SharedStorage.Now(_shared.AttemptsAsync(id, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "counters",
            () => SharedStorage.Now(_shared.CountersAsync(CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<JobStatistics>> StatisticsCoreAsync(
        StatisticsQuery query, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "statistics",
            () => SharedStorage.Now(_shared.StatisticsAsync(query, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<FailureGroup>> FailuresCoreAsync(
        FailureQuery query, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "failures",
            () => SharedStorage.Now(_shared.FailuresAsync(query, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<JobRecord>> LongestRunningCoreAsync(
        int max, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "longest",
            () => SharedStorage.Now(_shared.LongestRunningAsync(max, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<LogLine>> LiveLinesCoreAsync(
        JobId id, CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "lines",
            () => SharedStorage.Now(_shared.LiveLinesAsync(id, CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);
}
