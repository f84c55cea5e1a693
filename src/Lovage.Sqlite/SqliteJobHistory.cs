using Lovage.Sqlite.Reading;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>
/// Reads what is known of jobs, at once on the caller's thread, over connections that can only read.
/// </summary>
internal sealed class SqliteJobHistory(Readers readers) : JobHistory
{
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

    protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => JobReading.Attempts(reader, id), cancellationToken);

    protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken) =>
        readers.ReadAsync(QueueReading.Counters, cancellationToken);
}
