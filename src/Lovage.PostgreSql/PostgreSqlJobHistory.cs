using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Reading;
using Lovage.Storage;

namespace Lovage.PostgreSql;

/// <summary>Reads jobs in the database.</summary>
internal sealed class PostgreSqlJobHistory(Database database) : JobHistory
{
    private readonly JobReading _jobs = new(database.Schema);
    private readonly PageReading _pages = new(database.Schema, database.Words);
    private readonly QueueReading _queues = new(database.Schema);

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
            connection => _pages.CountAsync(connection, query, max, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _jobs.AttemptsAsync(connection, id, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken) =>
        database.CallAsync(connection => _queues.CountersAsync(connection, cancellationToken), cancellationToken);
}
