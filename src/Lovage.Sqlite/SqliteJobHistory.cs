using Lovage.Sqlite.Life;
using Lovage.Sqlite.Reading;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>
/// Reads what is known of jobs, at once on the caller's thread, over connections that can only read.
/// </summary>
internal sealed class SqliteJobHistory(Readers readers, StorageClock clock) : JobHistory
{
    public override JobQualifiers Qualifiers => JobQualifiers.All;

    protected override ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => JobReading.Find(reader, ids), cancellationToken);

    protected override ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken)
    {
        var before = PageBounds.Before(query);
        return readers.ReadAsync(reader => PageReading.Page(reader, query, before), cancellationToken);
    }

    protected override ValueTask<BoundedCount> CountCoreAsync(
        JobQuery query, int max, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => PageReading.Count(reader, query, max), cancellationToken);

    protected override ValueTask<IReadOnlyList<ScheduledJob?>> NewestOfSchedulesCoreAsync(
        IReadOnlyList<string> schedules, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => JobReading.NewestOfSchedules(reader, schedules), cancellationToken);

    protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => JobReading.Attempts(reader, id), cancellationToken);

    protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken) =>
        readers.ReadAsync(QueueReading.Counters, cancellationToken);

    protected override ValueTask<IReadOnlyList<JobStatistics>> StatisticsCoreAsync(
        StatisticsQuery query, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => StatisticsReading.Hours(reader, query, clock.Now), cancellationToken);

    protected override ValueTask<IReadOnlyList<FailureGroup>> FailuresCoreAsync(
        FailureQuery query, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => StatisticsReading.Failures(reader, query, clock.Now), cancellationToken);

    protected override ValueTask<IReadOnlyList<JobRecord>> LongestRunningCoreAsync(
        int max, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => JobReading.LongestRunning(reader, max), cancellationToken);

    protected override ValueTask<IReadOnlyList<LogLine>> LiveLinesCoreAsync(
        JobId id, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => JobReading.LiveLines(reader, id), cancellationToken);
}
