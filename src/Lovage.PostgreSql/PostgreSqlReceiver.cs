using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Signals;
using Lovage.PostgreSql.Writing;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql;

/// <summary>Claims jobs in the database for one worker.</summary>
/// <remarks>
/// It remembers where its looks begin. A look whose reply was lost may have claimed all the same: the owner's next look
/// releases those claims first, by the look's number. A look may be tried several times on different connections; each
/// try has a number of its own.
/// </remarks>
internal sealed class PostgreSqlReceiver : JobReceiver
{
    private readonly Func<IReadOnlyList<LeaseToken>, ValueTask> _release;
    private readonly Database _database;
    private readonly ServerClock _clock;
    private readonly PostgreSqlSignals _signals;
    private readonly LookStatements _looks;
    private readonly LostLooks _lost;
    private readonly QueueFloors _floors;

    /// <param name="broker">The broker that opens it.</param>
    /// <param name="options">Who claims, from which queues, for how long.</param>
    /// <param name="database">The connections.</param>
    /// <param name="clock">The time of statements.</param>
    /// <param name="signals">Tell of jobs that come late, and whether this process hears of new ones.</param>
    /// <param name="wire">The time by which looks from the start are spaced.</param>
    /// <param name="lost">The owner's looks whose reply was lost, which outlive a receiver.</param>
    internal PostgreSqlReceiver(
        JobBroker broker,
        ReceiverOptions options,
        Database database,
        ServerClock clock,
        PostgreSqlSignals signals,
        TimeProvider wire,
        LostLooks lost)
        : base(broker, options)
    {
        _release = async tokens => await broker.ReleaseAsync(tokens, CancellationToken.None);
        _database = database;
        _clock = clock;
        _signals = signals;
        _looks = new LookStatements(database.Schema, database.Words);
        _lost = lost;
        _floors = new QueueFloors(wire);
        signals.CameLate += _floors.Reset;
    }

    protected override ValueTask<LookResult> ReceiveCoreAsync(
        long look, int max, CancellationToken cancellationToken) => LookAsync(
        look,
        (connection, request) => _looks.LookAsync(connection, request, max, _floors, _clock.Now),
        cancellationToken);

    protected override async ValueTask<Delivery?> ReceiveOrphanCoreAsync(long look, CancellationToken cancellationToken)
    {
        var found = await LookAsync(
            look,
            (connection, request) => _looks.LookForOrphanAsync(connection, request, _clock.Now),
            cancellationToken);
        return found.Deliveries.Count == 0 ? null : found.Deliveries[0];
    }

    protected override ValueTask DisposeCoreAsync()
    {
        _signals.CameLate -= _floors.Reset;
        return base.DisposeCoreAsync();
    }

    private async ValueTask<LookResult> LookAsync(
        long look, Func<NpgsqlConnection, LookRequest, Task<LookResult>> claim, CancellationToken cancellationToken)
    {
        var first = look * StorageFault.CallTriesMax;
        var turn = first;
        try
        {
            _database.PrepareRenewals();
            return await _database.CallAsync(
                connection => TryAsync(connection, turn++, claim), ReleaseLateAsync, cancellationToken);
        }
        catch (StorageException)
        {
            if (turn > first)
            {
                Lose(turn - 1);
            }

            throw;
        }
    }

    private async Task<LookResult> TryAsync(
        NpgsqlConnection connection, long turn, Func<NpgsqlConnection, LookRequest, Task<LookResult>> claim)
    {
        // Where no signal tells of jobs of other processes, the next look must not wait for one.
        var isTold = _signals.Session != 0;
        var words = _database.Words;
        var owner = (await words.IdsAsync(connection, [Options.Owner.Key], CancellationToken.None))[Options.Owner.Key];
        await ReleaseLostAsync(connection, owner);
        var known = await words.FindAsync(connection, Options.Queues, CancellationToken.None);
        int[] queues = [.. Options.Queues.Where(known.ContainsKey).Select(queue => known[queue]).Distinct()];
        if (queues.Length == 0)
        {
            return new LookResult([], null, IsDrained: isTold);
        }

        try
        {
            var result = await claim(connection, new LookRequest(queues, owner, turn, Options.Lease));
            return result with { IsDrained = result.IsDrained && isTold };
        }
        catch (Exception fault) when (StorageFault.IsFault(fault))
        {
            // It may have claimed all the same, and the look may be tried again.
            Lose(turn);
            throw;
        }
    }

    private void Lose(long turn)
    {
        _lost.Add(turn);
        _floors.Reset();
    }

    /// <remarks>No base class knows of these claims: the signals of their end are sent here.</remarks>
    private async Task ReleaseLostAsync(NpgsqlConnection connection, int owner)
    {
        if (await _lost.ReleaseAsync(connection, owner, _clock.Now) is not { Count: > 0 } released)
        {
            return;
        }

        _signals.TellLate();
        _signals.Send(new Signal(SignalKind.JobsReady));
        _signals.Send(new Signal(SignalKind.OrphansReady));
        foreach (var job in released.Ended)
        {
            _signals.Send(new Signal(SignalKind.JobEnded, null, job.Id));
        }
    }

    /// <summary>Releases what a look claimed whose caller has gone on.</summary>
    private async ValueTask ReleaseLateAsync(LookResult late)
    {
        if (late.Deliveries.Count > 0)
        {
            await _release([.. late.Deliveries.Select(static delivery => delivery.Token)]);
        }
    }
}
