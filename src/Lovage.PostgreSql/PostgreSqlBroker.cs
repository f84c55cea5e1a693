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
internal sealed class PostgreSqlBroker(PostgreSqlStorage storage, PostgreSqlSignals signals, TimeProvider time)
    : JobBroker("postgresql", signals, time)
{
    private const string Pause =
        "INSERT INTO lovage.queue(id, pause_reason) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET pause_reason = "
            + "excluded.pause_reason";
    private const string Resume =
        "UPDATE lovage.queue SET pause_reason = NULL WHERE id = (SELECT id FROM lovage.word WHERE text = $1)";

    private readonly Database _database = storage.Database;
    private readonly PublishStatement _publish = new(storage.Database.Schema);
    private readonly PlaceDraw _places = new(storage.Database);
    private readonly ReceiveStatement _receive = new(storage.Database.Schema, storage.Database.Words, storage.Wire);
    private readonly ClaimStatements _claims = new(storage.Database.Schema);
    private readonly UntoldClaims _untold = new(storage.Database.Schema, new ClaimStatements(storage.Database.Schema));
    private readonly JobStatements _jobs = new(storage.Database.Schema);
    private readonly QueueReading _reading = new(storage.Database.Schema);

    /// <summary>
    /// There may be jobs that took their places long ago: claims were given back, or a transaction committed late.
    /// </summary>
    internal void LookFromStart() => _receive.LookFromStart();

    protected override ValueTask<IReadOnlyList<PublishStatus>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        _database.CallAsync(connection => PublishAsync(connection, messages, keys: null), cancellationToken);

    protected override async ValueTask<IReadOnlyList<PublishStatus>> PublishInOrderCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        var keys = await _places.DrawAsync(messages.Count, cancellationToken);
        return await _database.CallAsync(connection => PublishAsync(connection, messages, keys), cancellationToken);
    }

    protected override async ValueTask<ReceiveResult> ReceiveCoreAsync(
        ReceiveRequest request, CancellationToken cancellationToken)
    {
        try
        {
            _database.PrepareRenewals();
            var result = await _database.CallAsync(
                connection => ReceiveAsync(connection, request), ReleaseLateAsync, cancellationToken);
            _untold.Tell(request.Owner.Key, result.Deliveries);
            return result;
        }
        catch (StorageException)
        {
            Doubt(request.Owner);
            throw;
        }
    }

    protected override ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var sorted = tokens.Distinct().OrderBy(static token => token.Claim).ToArray();
        var held = _database.Renew(connection => Renew(connection, _claims.RenewOf(sorted, lease, storage.Now)));
        return new([.. tokens.Select(token => !held.TryGetValue(token.Stamp, out var cancel) ? LeaseStatus.Lost
            : cancel ? LeaseStatus.CancelRequested
            : LeaseStatus.Held)]);
    }

    protected override async ValueTask<int> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        var fates = await _database.CallAsync(
            connection => _claims.ReleaseAsync(connection, tokens, storage.Now), cancellationToken);
        TellGivenBack(fates);
        return fates.Count;
    }

    protected override async ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken)
    {
        var fates = await _database.CallAsync(
            async connection =>
            {
                var owners = await _database.Words.FindAsync(connection, deadOwners, CancellationToken.None);

                // Somebody sweeps every few seconds: the right time to sum up what was counted since.
                await _jobs.FoldAsync(connection);
                return await _claims.ReclaimAsync(connection, [.. owners.Values], max, storage.Now);
            },
            cancellationToken);
        return new ReclaimResult(
            fates.Count(static fate => fate.State == JobState.Queued),
            fates.Count(static fate => fate.State == JobState.Dead),
            fates.Count(static fate => fate.State == JobState.Cancelled));
    }

    protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken) =>
        _database.CallAsync(connection => _reading.OwnersAsync(connection, cancellationToken), cancellationToken);

    protected override async ValueTask PauseCoreAsync(
        string queue, string reason, CancellationToken cancellationToken) => await _database.CallAsync(
        async connection =>
        {
            var words = await _database.Words.IdsAsync(connection, [queue], CancellationToken.None);
            await connection.ExecuteAsync(
                new Statement(_database.Schema.Sql(Pause)).Add(words[queue]).Add(reason), CancellationToken.None);
            return true;
        },
        cancellationToken);

    protected override async ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken) =>
        await _database.CallAsync(
            async connection =>
            {
                await connection.ExecuteAsync(
                    new Statement(_database.Schema.Sql(Resume)).Add(queue), CancellationToken.None);
                return true;
            },
            cancellationToken);

    protected override ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken) =>
        _database.CallAsync(
            async connection =>
            {
                await PromoteAsync(connection, cancellationToken);
                return await _reading.QueuesAsync(connection, storage.Now, cancellationToken);
            },
            cancellationToken);

    protected override ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken) => _database.CallAsync(
        async connection =>
        {
            await PromoteAsync(connection, cancellationToken);
            var words = await _database.Words.FindAsync(connection, [queue], cancellationToken);
            return words.TryGetValue(queue, out var id)
                ? await _reading.PeekAsync(connection, id, max, cancellationToken)
                : [];
        },
        cancellationToken);

    private async Task<IReadOnlyList<PublishStatus>> PublishAsync(
        NpgsqlConnection connection, IReadOnlyList<JobMessage> messages, long[]? keys)
    {
        var words = await _database.Words.IdsAsync(connection, MessageRow.WordsOf(messages), CancellationToken.None);
        return await _publish.PublishAsync(connection, messages, keys, words, storage.Now);
    }

    private async Task<ReceiveResult> ReceiveAsync(NpgsqlConnection connection, ReceiveRequest request)
    {
        // Where nobody tells of what others enqueue, the next look must not wait for it.
        var isToldOfMore = storage.ListeningSession != 0;
        var owner = request.Owner.Key;
        var words = await _database.Words.IdsAsync(connection, [owner], CancellationToken.None);
        if (await _untold.ReleaseAsync(connection, owner, words[owner], storage.Now) is { Count: > 0 } released)
        {
            TellGivenBack(released);
            Signals.Send(new Signal(SignalKind.JobsReady));
        }

        var known = await _database.Words.FindAsync(connection, request.Queues, CancellationToken.None);
        int[] queues = [.. request.Queues.Where(known.ContainsKey).Select(queue => known[queue]).Distinct()];
        if (queues.Length == 0)
        {
            return new ReceiveResult([], null, IsAll: isToldOfMore);
        }

        try
        {
            var result = await _receive.RunAsync(connection, request, queues, words[owner], storage.Now);
            return result with { IsAll = result.IsAll && isToldOfMore };
        }
        catch (Exception fault) when (StorageFault.IsFault(fault))
        {
            // It may have claimed all the same, and the call be made once more.
            Doubt(request.Owner);
            throw;
        }
    }

    private void Doubt(WorkerOwner owner)
    {
        _untold.Doubt(owner.Key);
        LookFromStart();
    }

    /// <summary>Gives back what was claimed by a look whose asker was told meanwhile that it has nothing.</summary>
    private async ValueTask ReleaseLateAsync(ReceiveResult late)
    {
        if (late.Deliveries.Count > 0)
        {
            await ReleaseAsync([.. late.Deliveries.Select(static delivery => delivery.Token)], CancellationToken.None);
        }
    }

    /// <summary>
    /// Jobs are back where they were, which is before what was looked through since, here and elsewhere.
    /// </summary>
    private void TellGivenBack(List<(JobId Id, JobState State)> fates)
    {
        LookFromStart();
        signals.TellLate();
        TellEnds(fates);
    }

    private void TellEnds(List<(JobId Id, JobState State)> fates)
    {
        foreach (var (id, state) in fates)
        {
            if (state.IsFinal)
            {
                Signals.Send(new Signal(SignalKind.JobEnded, null, id));
            }
        }
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

    /// <summary>
    /// Due jobs are made ready by whoever looks first; the rows are touched only when there are some.
    /// </summary>
    private async Task PromoteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await _reading.WithDueAsync(connection, storage.Now, cancellationToken) is { Length: > 0 } queues)
        {
            await connection.ExecuteAsync(_receive.PromoteOf(queues, storage.Now), CancellationToken.None);
        }
    }
}
