using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Reading;
using Lovage.Storage;

namespace Lovage.PostgreSql;

/// <summary>Reads jobs in the database.</summary>
/// <param name="database">The connections.</param>
/// <param name="clock">The time of statements.</param>
internal sealed class PostgreSqlJobHistory(Database database, ServerClock clock) : JobHistory
{
    private readonly JobReading _jobs = new(database.Schema);
    private readonly PageReading _pages = new(database.Schema, new QueryWords(database.Words));
    private readonly CountReading _counts = new(database.Schema, new QueryWords(database.Words));
    private readonly QueueReading _queues = new(database.Schema);
    private readonly StatisticsReading _statistics = new(database.Schema, database.Words);
    private readonly FailureReading _failures = new(database.Schema, database.Words);

    public override JobQualifiers Qualifiers => JobQualifiers.All;

    protected override ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _jobs.FindAsync(connection, ids, cancellationToken), cancellationToken);

    protected override ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken)
    {
        var before = PageBounds.Before(query);
        return database.CallAsync(
            connection => _pages.PageAsync(connection, query, before, cancellationToken), cancellationToken);
    }

    protected override ValueTask<BoundedCount> CountCoreAsync(
        JobQuery query, int max, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _counts.CountAsync(connection, query, max, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<ScheduledJob?>> NewestOfSchedulesCoreAsync(
        IReadOnlyList<string> schedules, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _jobs.NewestOfSchedulesAsync(connection, schedules, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _jobs.AttemptsAsync(connection, id, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken) =>
        database.CallAsync(connection => _queues.CountersAsync(connection, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<JobStatistics>> StatisticsCoreAsync(
        StatisticsQuery query, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _statistics.ReadAsync(connection, query, clock.Now, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<FailureGroup>> FailuresCoreAsync(
        FailureQuery query, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _failures.ReadAsync(connection, query, clock.Now, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<JobRecord>> LongestRunningCoreAsync(
        int max, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _jobs.LongestRunningAsync(connection, max, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<LogLine>> LiveLinesCoreAsync(
        JobId id, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _jobs.LiveLinesAsync(connection, id, cancellationToken), cancellationToken);
}
