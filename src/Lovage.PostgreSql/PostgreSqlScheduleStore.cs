using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Reading;
using Lovage.PostgreSql.Schema;
using Lovage.PostgreSql.Writing;
using Lovage.Protocol;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql;

/// <summary>
/// Schedules in the database, beside the jobs that they enqueue. A look for what is due reads only; each firing is a
/// transaction of its own.
/// </summary>
internal sealed class PostgreSqlScheduleStore(PostgreSqlStorage storage, SignalBus signals) : ScheduleStore(signals)
{
    private readonly Database _database = storage.Database;
    private readonly ScheduleReading _reading = new(storage.Database.Schema);
    private readonly ScheduleStatements _statements = new(
        storage.Database.Schema, new PublishStatement(storage.Database.Schema));

    protected override async ValueTask<long?> SaveCoreAsync(
        ScheduleRecord schedule, CancellationToken cancellationToken)
    {
        var (version, last) = await WriteAsync(
            [schedule.Job],
            (connection, words) => _statements.SaveAsync(connection, schedule, words, storage.Now),
            cancellationToken);
        CheckNextTick(schedule, StorageTime.To(last));
        return version;
    }

    protected override ValueTask<bool> RemoveCoreAsync(string id, CancellationToken cancellationToken) =>
        _database.TransactAsync(connection => _statements.RemoveAsync(connection, id), cancellationToken);

    protected override ValueTask<ScheduleRecord?> FindCoreAsync(string id, CancellationToken cancellationToken) =>
        _database.CallAsync(connection => _reading.FindAsync(connection, id, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<ScheduleRecord>> ListCoreAsync(
        string? after, int limit, CancellationToken cancellationToken) =>
        _database.CallAsync(
            connection => _reading.ListAsync(connection, after, limit, cancellationToken), cancellationToken);

    protected override ValueTask<long> CountCoreAsync(CancellationToken cancellationToken) =>
        _database.CallAsync(connection => _reading.CountAsync(connection, cancellationToken), cancellationToken);

    protected override ValueTask<DueResult> DueCoreAsync(int max, CancellationToken cancellationToken) =>
        _database.CallAsync(
            connection => _reading.DueAsync(connection, max, storage.Now, cancellationToken), cancellationToken);

    protected override async ValueTask<IReadOnlyList<FireStatus>> RecordCoreAsync(
        IReadOnlyList<Firing> firings, CancellationToken cancellationToken)
    {
        var statuses = new FireStatus[firings.Count];
        for (var i = 0; i < statuses.Length; i++)
        {
            var firing = firings[i];
            statuses[i] = await WriteAsync(
                firing.Jobs,
                (connection, words) => _statements.FireAsync(connection, firing, words, storage.Now),
                cancellationToken);
        }

        return statuses;
    }

    protected override ValueTask<bool> RunCoreAsync(string id, JobMessage job, CancellationToken cancellationToken) =>
        WriteAsync(
            [job],
            (connection, words) => _statements.RunAsync(connection, id, job, words, storage.Now),
            cancellationToken);

    protected override ValueTask<IReadOnlyList<TickRecord>> HistoryCoreAsync(
        string id, int limit, CancellationToken cancellationToken) =>
        _database.CallAsync(
            connection => _reading.HistoryAsync(connection, id, limit, cancellationToken), cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(TimeSpan keep, int max, CancellationToken cancellationToken) =>
        _database.CallAsync(
            connection => _statements.PruneAsync(connection, keep, max, storage.Now), cancellationToken);

    protected override ValueTask<bool> TryLeadCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken) =>
        _database.CallAsync(
            connection => _statements.TryLeadAsync(connection, owner, lease, storage.Now), cancellationToken);

    protected override async ValueTask ResignCoreAsync(string owner, CancellationToken cancellationToken) =>
        await _database.CallAsync(
            async connection =>
            {
                await _statements.ResignAsync(connection, owner);
                return true;
            },
            cancellationToken);

    /// <summary>
    /// One transaction, before which the words of the jobs are found: a word that was added in one that is undone would
    /// be remembered all the same.
    /// </summary>
    private ValueTask<T> WriteAsync<T>(
        IReadOnlyList<JobMessage> jobs,
        Func<NpgsqlConnection, IReadOnlyDictionary<string, int>, Task<T>> write,
        CancellationToken cancellationToken) => _database.CallAsync(
        async connection =>
        {
            var words = await _database.Words.IdsAsync(connection, MessageRow.WordsOf(jobs), CancellationToken.None);
            await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            var result = await write(connection, words);
            await transaction.CommitAsync(CancellationToken.None);
            return result;
        },
        cancellationToken);
}
