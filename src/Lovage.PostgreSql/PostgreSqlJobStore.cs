using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Schema;
using Lovage.PostgreSql.Signals;
using Lovage.PostgreSql.Writing;
using Lovage.Protocol;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql;

/// <summary>Outcomes, and what a person asks for, in the database.</summary>
/// <param name="database">The connections.</param>
/// <param name="clock">The time of statements.</param>
/// <param name="signals">Where signals go.</param>
/// <param name="time">Measures durations.</param>
internal sealed class PostgreSqlJobStore(
    Database database, ServerClock clock, PostgreSqlSignals signals, TimeProvider time)
    : JobStore("postgresql", signals, time, database.Server)
{
    private readonly PublishStatement _publish = new(database.Schema);
    private readonly SettleStatement _settle = new(database.Schema, database.Words);
    private readonly ClaimStatements _claims = new(database.Schema);
    private readonly CancelStatements _cancels = new(database.Schema);
    private readonly ChangeStatements _changes = new(database.Schema);
    private readonly SumStatements _sums = new(database.Schema);
    private readonly UpkeepStatements _upkeep = new(database.Schema);

    protected override ValueTask<IReadOnlyList<SettleResult>> SettleCoreAsync(
        IReadOnlyList<Settlement> outcomes,
        CancellationToken cancellationToken) => database.CallAsync<IReadOnlyList<SettleResult>>(
        async connection =>
        {
            var followUps = outcomes.SelectMany(static outcome => outcome.FollowUps).ToArray();
            var texts = SettleStatement.WordsOf(outcomes);
            texts.UnionWith(MessageRow.WordsOf(followUps));
            var words = await database.Words.IdsAsync(connection, texts, CancellationToken.None);
            var written = followUps.Length == 0
                ? await _settle.RunAsync(connection, outcomes, words, clock.Now)
                : await SettleWithFollowUpsAsync(connection, outcomes, words);
            return await _settle.ResultsAsync(connection, outcomes, written);
        },
        cancellationToken);

    protected override ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
        IReadOnlyList<JobStart> starts,
        CancellationToken cancellationToken) => database.CallAsync<IReadOnlyList<bool>>(
        async connection =>
        {
            var held = await _claims.StartAsync(connection, starts);
            return [.. starts.Select(start => held.Contains(start.Token.Stamp))];
        },
        cancellationToken);

    protected override async ValueTask ReportProgressCoreAsync(
        IReadOnlyList<ProgressUpdate> updates, CancellationToken cancellationToken) => await database.CallAsync(
        async connection =>
        {
            await _claims.ReportAsync(connection, updates);
            return true;
        },
        cancellationToken);

    protected override ValueTask<IReadOnlyList<CancelResult>> CancelCoreAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _cancels.CancelAsync(connection, ids, reason, clock.Now), cancellationToken);

    protected override ValueTask<IReadOnlyList<ChangeResult>> RequeueCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _changes.RequeueAsync(connection, ids, clock.Now), cancellationToken);

    protected override ValueTask<IReadOnlyList<ChangeResult>> DeleteCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _changes.DeleteAsync(connection, ids, clock.Now), cancellationToken);

    protected override ValueTask<IReadOnlyList<ChangeResult>> RunNowCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        database.CallAsync(connection => _changes.RunNowAsync(connection, ids, clock.Now), cancellationToken);

    protected override async ValueTask<IReadOnlyList<ChangeResult>> MoveCoreAsync(
        IReadOnlyList<JobId> ids, JobMove target, CancellationToken cancellationToken)
    {
        var results = await database.CallAsync(
            async connection =>
            {
                int? queue = target.Queue is { } name
                    ? (await database.Words.IdsAsync(connection, [name], CancellationToken.None))[name]
                    : null;
                return await _changes.MoveAsync(connection, ids, queue, target.Priority, clock.Now);
            },
            cancellationToken);

        // The due time of a moved job may lie before those that looks have passed in its new queue.
        signals.TellLate();
        return results;
    }

    protected override ValueTask<int> PruneCoreAsync(
        RetentionPolicy policy, int max, CancellationToken cancellationToken) =>
        database.CallAsync(
            async connection =>
            {
                await _sums.FoldAsync(connection);
                await _upkeep.ForgetAsync(connection, clock.Now);
                return await _upkeep.PruneAsync(connection, policy, max, clock.Now);
            },
            cancellationToken);

    private async Task<Dictionary<(long Stamp, string Id), JobState>> SettleWithFollowUpsAsync(
        NpgsqlConnection connection, IReadOnlyList<Settlement> outcomes, IReadOnlyDictionary<string, int> words)
    {
        await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
        var written = await _settle.RunAsync(connection, outcomes, words, clock.Now);
        JobMessage[] followUps = [.. outcomes.DistinctBy(static outcome => (outcome.Token, outcome.Id))
            .Where(outcome => written.TryGetValue((outcome.Token.Stamp, outcome.Id.Value), out var state)
                && SettleStatement.IsAsMeant(outcome, state))
            .SelectMany(static outcome => outcome.FollowUps)];
        foreach (var part in followUps.Chunk(JobBroker.BatchMax))
        {
            await _publish.RunAsync(connection, part, null, words, clock.Now);
        }

        await transaction.CommitAsync(CancellationToken.None);
        return written;
    }
}
