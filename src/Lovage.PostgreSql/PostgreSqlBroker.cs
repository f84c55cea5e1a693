using System.Runtime.CompilerServices;
using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Reading;
using Lovage.PostgreSql.Schema;
using Lovage.PostgreSql.Signals;
using Lovage.PostgreSql.Writing;
using Lovage.Protocol;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql;

/// <summary>Queues and leases in the database.</summary>
/// <param name="database">The connections.</param>
/// <param name="clock">The time of statements.</param>
/// <param name="signals">Where signals go and come from.</param>
/// <param name="wire">The time by which receivers space their looks from the start.</param>
/// <param name="time">Measures waits.</param>
internal sealed class PostgreSqlBroker(
    Database database, ServerClock clock, PostgreSqlSignals signals, TimeProvider wire, TimeProvider time)
    : JobBroker("postgresql", signals, time, database.Server)
{
    // $1: the queue (its number), $2: why. Nothing comes back.
    private const string Pause =
        "INSERT INTO lovage.queue(id, pause_reason) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET pause_reason = "
            + "excluded.pause_reason";

    // $1: the queue's name. Nothing comes back.
    private const string Resume =
        "UPDATE lovage.queue SET pause_reason = NULL WHERE id = (SELECT id FROM lovage.word WHERE text = $1)";

    private readonly PublishStatement _publish = new(database.Schema);
    private readonly PlaceDraw _places = new(database);
    private readonly LookStatements _looks = new(database.Schema, database.Words);
    private readonly ConditionalWeakTable<WorkerOwner, LostLooks> _lost = [];
    private readonly ClaimStatements _claims = new(database.Schema);
    private readonly LostClaimStatements _lostClaims = new(database.Schema);
    private readonly CancelStatements _cancels = new(database.Schema);
    private readonly SumStatements _sums = new(database.Schema);
    private readonly QueueReading _reading = new(database.Schema);

    protected override ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        database.CallAsync(
            connection => PublishAsync(connection, messages, keys: null, cancellationToken), cancellationToken);

    protected override async ValueTask<IReadOnlyList<PublishResult>> PublishInOrderCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        var keys = await _places.DrawAsync(messages.Count, cancellationToken);
        return await database.CallAsync(
            connection => PublishAsync(connection, messages, keys, cancellationToken), cancellationToken);
    }

    protected override JobReceiver OpenReceiverCore(ReceiverOptions options) =>
        new PostgreSqlReceiver(
            this,
            options,
            database,
            clock,
            signals,
            wire,
            _lost.GetValue(options.Owner, _ => new LostLooks(_lostClaims)));

    protected override ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LeaseToken[] sorted = [.. tokens.Distinct().OrderBy(static token => token.Claim)];
        var held = database.Renew(connection => Renew(connection, _claims.RenewOf(sorted, lease, clock.Now)));
        return new([.. tokens.Select(token => !held.TryGetValue(token.Stamp, out var cancel) ? LeaseStatus.Lost
            : cancel ? LeaseStatus.CancelRequested
            : LeaseStatus.Held)]);
    }

    protected override async ValueTask<ReleaseResult> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        var ended = await database.CallAsync(
            connection => _lostClaims.ReleaseAsync(connection, tokens, clock.Now), cancellationToken);

        // The jobs are back where they were, which is before what was looked through since, here and elsewhere.
        signals.TellLate();
        return new ReleaseResult(ended.Count, ended.Ended);
    }

    protected override async ValueTask<ReleaseResult> DeclineCoreAsync(
        IReadOnlyList<DeclinedOffer> offers, TimeSpan limit, CancellationToken cancellationToken)
    {
        var ended = await database.CallAsync(
            connection => _lostClaims.DeclineAsync(connection, offers, limit, clock.Now), cancellationToken);

        // Due times so near may have passed before the commit: looks elsewhere may have stepped over them.
        signals.TellLate();
        return new ReleaseResult(ended.Count, ended.Ended);
    }

    protected override async ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken)
    {
        var ended = await database.CallAsync(
            async connection =>
            {
                var owners = await database.Words.FindAsync(connection, deadOwners, CancellationToken.None);

                // A worker sweeps every few seconds: the right time to sum up what was counted since.
                await _sums.FoldAsync(connection);
                return await _lostClaims.ReclaimAsync(connection, [.. owners.Values], max, clock.Now);
            },
            cancellationToken);
        return new ReclaimResult(ended.Count - ended.Ended.Count, ended.Ended);
    }

    protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken) =>
        database.CallAsync(connection => _reading.OwnersAsync(connection, cancellationToken), cancellationToken);

    protected override async ValueTask PauseCoreAsync(
        string queue, string reason, CancellationToken cancellationToken) => await database.CallAsync(
        async connection =>
        {
            var words = await database.Words.IdsAsync(connection, [queue], CancellationToken.None);
            await connection.ExecuteAsync(
                new Statement(database.Schema.Sql(Pause)).Add(words[queue]).Add(reason), CancellationToken.None);
            return true;
        },
        cancellationToken);

    protected override async ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken) =>
        await database.CallAsync(
            async connection =>
            {
                await connection.ExecuteAsync(
                    new Statement(database.Schema.Sql(Resume)).Add(queue), CancellationToken.None);
                return true;
            },
            cancellationToken);

    protected override ValueTask<IReadOnlyList<EndedJob>> PurgeCoreAsync(
        string queue, int max, CancellationToken cancellationToken) => database.CallAsync(
        async connection =>
        {
            var words = await database.Words.FindAsync(connection, [queue], CancellationToken.None);
            return words.TryGetValue(queue, out var id)
                ? await _cancels.PurgeAsync(connection, id, max, JobLifecycle.PurgedReason, clock.Now)
                : [];
        },
        cancellationToken);

    protected override ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken) =>
        database.CallAsync(
            async connection =>
            {
                await PromoteAsync(connection, cancellationToken);
                return await _reading.QueuesAsync(connection, clock.Now, cancellationToken);
            },
            cancellationToken);

    protected override ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken) => database.CallAsync(
        async connection =>
        {
            await PromoteAsync(connection, cancellationToken);
            var words = await database.Words.FindAsync(connection, [queue], cancellationToken);
            return words.TryGetValue(queue, out var id)
                ? await _reading.PeekAsync(connection, id, max, cancellationToken)
                : [];
        },
        cancellationToken);

    /// <summary>Stores messages. A cancelled call ends its statement too: it must keep no later one waiting.</summary>
    private async Task<IReadOnlyList<PublishResult>> PublishAsync(
        NpgsqlConnection connection,
        IReadOnlyList<JobMessage> messages,
        long[]? keys,
        CancellationToken cancellationToken)
    {
        var words = await database.Words.IdsAsync(connection, MessageRow.WordsOf(messages), cancellationToken);
        return await _publish.PublishAsync(connection, messages, keys, words, clock.Now, cancellationToken);
    }

    private static Dictionary<long, bool> Renew(NpgsqlConnection connection, Statement statement)
    {
        using var batch = connection.Batch(statement);
        using var rows = batch.ExecuteReader();
        var held = new Dictionary<long, bool>();
        while (rows.Read())
        {
            held[rows.GetInt64(0)] = rows.GetBoolean(1);
        }

        return held;
    }

    /// <summary>Makes due jobs ready, so that a queue is shown as a look would find it.</summary>
    private async Task PromoteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await _reading.WithDueAsync(connection, clock.Now, cancellationToken) is { Length: > 0 } queues)
        {
            await connection.ExecuteAsync(_looks.PromoteOf(queues, clock.Now), CancellationToken.None);
        }
    }
}
