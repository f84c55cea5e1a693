using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Reading;
using Lovage.PostgreSql.Schema;
using Lovage.PostgreSql.Writing;
using Lovage.Protocol;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql;

/// <summary>Schedules in the database, beside the jobs that they enqueue.</summary>
/// <remarks>A look for due schedules reads only; each firing is a transaction of its own.</remarks>
/// <param name="database">The connections.</param>
/// <param name="clock">The time of statements.</param>
/// <param name="signals">Where signals go.</param>
/// <param name="time">Measures durations.</param>
internal sealed class PostgreSqlScheduleStore(
    Database database, ServerClock clock, SignalBus signals, TimeProvider time)
    : ScheduleStore("postgresql", signals, time, database.Server)
{
    private readonly ScheduleReading _reading = new(database.Schema);
    private readonly ScheduleStatements _statements = new(database.Schema, new PublishStatement(database.Schema));

    protected override async ValueTask<long?> SaveCoreAsync(
        ScheduleRecord schedule, CancellationToken cancellationToken)
    {
        var (version, last) = await WriteAsync(
            [schedule.Job],
            (connection, words) => _statements.SaveAsync(connection, schedule, words, clock.Now),
            cancellationToken);
        CheckNextTick(schedule, StorageTime.To(last));
        return version;
    }

    protected override ValueTask<bool> RemoveCoreAsync(string id, CancellationToken cancellationToken) =>
        database.TransactAsync(connection => _statements.RemoveAsync(connection, id), cancellationToken);

    protected override ValueTask<ScheduleRecord?> FindCoreAsync(string id, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _reading.FindAsync(connection, id, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<ScheduleRecord>> ListCoreAsync(
        string? after, int limit, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _reading.ListAsync(connection, after, limit, cancellationToken), cancellationToken);

    protected override ValueTask<long> CountCoreAsync(CancellationToken cancellationToken) =>
        database.CallAsync(connection => _reading.CountAsync(connection, cancellationToken), cancellationToken);

    protected override ValueTask<DueResult> DueCoreAsync(int max, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _reading.DueAsync(connection, max, clock.Now, cancellationToken), cancellationToken);

    protected override async ValueTask<IReadOnlyList<FireStatus>> RecordCoreAsync(
        IReadOnlyList<Firing> firings, CancellationToken cancellationToken)
    {
        var statuses = new FireStatus[firings.Count];
        for (var i = 0; i < statuses.Length; i++)
        {
            var firing = firings[i];
            statuses[i] = await WriteAsync(
                firing.Jobs,
                (connection, words) => _statements.FireAsync(connection, firing, words, clock.Now),
                cancellationToken);
        }

        return statuses;
    }

    protected override ValueTask<bool> RunCoreAsync(string id, JobMessage job, CancellationToken cancellationToken) =>
        WriteAsync(
            [job],
            (connection, words) => _statements.RunAsync(connection, id, job, words, clock.Now),
            cancellationToken);

    protected override ValueTask<IReadOnlyList<TickRecord>> HistoryCoreAsync(
        string id, int limit, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _reading.HistoryAsync(connection, id, limit, cancellationToken), cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(TimeSpan keep, int max, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _statements.PruneAsync(connection, keep, max, clock.Now), cancellationToken);

    protected override ValueTask<bool> TryLeadCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => _statements.TryLeadAsync(connection, owner, lease, clock.Now), cancellationToken);

    protected override async ValueTask ResignCoreAsync(string owner, CancellationToken cancellationToken) =>
        await database.CallAsync(
            async connection =>
            {
                await _statements.ResignAsync(connection, owner);
                return true;
            },
            cancellationToken);

    /// <summary>Writes in one transaction, and finds the words of the jobs before it.</summary>
    /// <remarks>This process would remember a word that was added in a transaction that is undone.</remarks>
    private ValueTask<T> WriteAsync<T>(
        IReadOnlyList<JobMessage> jobs,
        Func<NpgsqlConnection, IReadOnlyDictionary<string, int>, Task<T>> write,
        CancellationToken cancellationToken) => database.CallAsync(
        async connection =>
        {
            var words = await database.Words.IdsAsync(connection, MessageRow.WordsOf(jobs), CancellationToken.None);
            await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            var result = await write(connection, words);
            await transaction.CommitAsync(CancellationToken.None);
            return result;
        },
        cancellationToken);
}
