using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Reading;
using Lovage.PostgreSql.Schema;
using Lovage.PostgreSql.Writing;
using Lovage.Protocol;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql;

/// <summary>Records and outcomes in the database.</summary>
internal sealed class PostgreSqlJobStore(PostgreSqlStorage storage, SignalBus signals, TimeProvider time)
    : JobStore("postgresql", signals, time)
{
    private readonly Database _database = storage.Database;
    private readonly PublishStatement _publish = new(storage.Database.Schema);
    private readonly SettleStatement _settle = new(storage.Database.Schema);
    private readonly ClaimStatements _claims = new(storage.Database.Schema);
    private readonly JobStatements _jobs = new(storage.Database.Schema);
    private readonly JobReading _reading = new(storage.Database.Schema);
    private readonly PageReading _pages = new(storage.Database.Schema, storage.Database.Words);

    protected override ValueTask<IReadOnlyList<SettleStatus>> SettleCoreAsync(
        IReadOnlyList<Settlement> outcomes,
        CancellationToken cancellationToken) => _database.CallAsync<IReadOnlyList<SettleStatus>>(
        async connection =>
        {
            var followUps = outcomes.SelectMany(static outcome => outcome.FollowUps).ToArray();
            var texts = SettleStatement.WordsOf(outcomes);
            texts.UnionWith(MessageRow.WordsOf(followUps));
            var words = await _database.Words.IdsAsync(connection, texts, CancellationToken.None);
            var applied = followUps.Length == 0
                ? await _settle.RunAsync(connection, outcomes, words, storage.Now)
                : await SettleWithFollowUpsAsync(connection, outcomes, words);
            var rest = outcomes.Where(outcome => !applied.Contains((outcome.Token.Stamp, outcome.Id.Value))).ToArray();
            if (rest.Length > 0)
            {
                applied.UnionWith(await _settle.AppliedBeforeAsync(connection, rest));
            }

            return [.. outcomes.Select(outcome => applied.Contains((outcome.Token.Stamp, outcome.Id.Value))
                ? SettleStatus.Applied
                : SettleStatus.Stale)];
        },
        cancellationToken);

    protected override ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
        IReadOnlyList<JobStart> starts,
        CancellationToken cancellationToken) => _database.CallAsync<IReadOnlyList<bool>>(
        async connection =>
        {
            var held = await _claims.StartAsync(connection, starts);
            return [.. starts.Select(start => held.Contains(start.Token.Stamp))];
        },
        cancellationToken);

    protected override async ValueTask ReportProgressCoreAsync(
        IReadOnlyList<ProgressUpdate> updates, CancellationToken cancellationToken) => await _database.CallAsync(
        async connection =>
        {
            await _claims.ReportAsync(connection, updates);
            return true;
        },
        cancellationToken);

    protected override ValueTask<IReadOnlyList<CancelStatus>> CancelCoreAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken) =>
        _database.CallAsync(connection => _jobs.CancelAsync(connection, ids, reason, storage.Now), cancellationToken);

    protected override ValueTask<int> RequeueCoreAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        _database.CallAsync(connection => _jobs.RequeueAsync(connection, ids, storage.Now), cancellationToken);

    protected override ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        _database.CallAsync(connection => _reading.FindAsync(connection, ids, cancellationToken), cancellationToken);

    protected override ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken)
    {
        var before = PageReading.Before(query);
        return _database.CallAsync(
            connection => _pages.PageAsync(connection, query, before, cancellationToken), cancellationToken);
    }

    protected override ValueTask<BoundedCount> CountCoreAsync(
        JobQuery query, int max, CancellationToken cancellationToken) =>
        _database.CallAsync(
            connection => _pages.CountAsync(connection, query, max, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken) =>
        _database.CallAsync(connection => _reading.AttemptsAsync(connection, id, cancellationToken), cancellationToken);

    protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken) =>
        _database.CallAsync(
            connection => new QueueReading(_database.Schema).CountersAsync(connection, cancellationToken),
            cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(
        RetentionPolicy policy, int max, CancellationToken cancellationToken) =>
        _database.CallAsync(connection => _jobs.PruneAsync(connection, policy, max, storage.Now), cancellationToken);

    private async Task<HashSet<(long Stamp, string Id)>> SettleWithFollowUpsAsync(
        NpgsqlConnection connection, IReadOnlyList<Settlement> outcomes, IReadOnlyDictionary<string, int> words)
    {
        await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
        var applied = await _settle.RunAsync(connection, outcomes, words, storage.Now);
        JobMessage[] followUps = [.. outcomes.DistinctBy(static outcome => (outcome.Token, outcome.Id))
            .Where(outcome => applied.Contains((outcome.Token.Stamp, outcome.Id.Value)))
            .SelectMany(static outcome => outcome.FollowUps)];
        foreach (var part in followUps.Chunk(JobBroker.BatchMax))
        {
            await _publish.RunAsync(connection, part, null, words, storage.Now);
        }

        await transaction.CommitAsync(CancellationToken.None);
        return applied;
    }
}
