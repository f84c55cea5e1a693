using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Lovage.Storage;

/// <summary>
/// Holds schedules, the ticks they have had, and which node leads. The storage writes a tick and its job in one
/// transaction, once over all nodes. A firing counts only for the version of the schedule from which it was computed.
/// The public methods check and send signals; a storage writes the protected ones.
/// </summary>
/// <remarks>
/// Safe for use by several threads. After a <see cref="StorageException"/> the caller does not know whether the storage
/// carried out the call. Every call can be repeated. The storage's clock decides what is due.
/// </remarks>
[Experimental("LVGS001")]
public abstract class ScheduleStore
{
    /// <summary>Schedules in one page or one batch at the most.</summary>
    public const int BatchMax = 1_000;

    private const int PageSize = 500;

    private readonly SignalBus _signals;
    private readonly StorageMeter _meter;

    /// <summary>For storages.</summary>
    /// <param name="system">The value of <c>messaging.system</c>, such as <c>sqlite</c>.</param>
    /// <param name="signals">Sends and hears signals.</param>
    /// <param name="time">Measures durations.</param>
    /// <param name="server">The server that the storage calls; null for none, or when it is not always the same
    /// one.</param>
    protected ScheduleStore(
        string system, SignalBus signals, TimeProvider time, StorageServer? server = null)
    {
        ArgumentNullException.ThrowIfNull(signals);
        _meter = new StorageMeter(system, time, server);
        _signals = signals;
    }

    /// <summary>Stores a schedule, unless it was changed since the caller read it.</summary>
    /// <param name="schedule">
    /// The schedule. Its <see cref="ScheduleRecord.Version"/> is the one it was read with, 0 for a new one. Its counts
    /// and <see cref="ScheduleRecord.LastTick"/> are kept by the storage.
    /// </param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The new version; null when the stored one is another, or a new one exists already.</returns>
    /// <exception cref="ArgumentException">Its next tick does not come after its last.</exception>
    /// <exception cref="StorageException">The storage cannot take it now.</exception>
    public async ValueTask<long?> SaveAsync(ScheduleRecord schedule, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        CheckNextTick(schedule, schedule.LastTick);
        var version = await MeasureAsync("schedule.save", SaveCoreAsync(schedule, cancellationToken));
        _signals.Send(new Signal(SignalKind.SchedulesChanged));
        return version;
    }

    /// <summary>Removes a schedule and its history; jobs that it has enqueued stay.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when there is none.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<bool> RemoveAsync(string id, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return MeasureAsync("schedule.remove", RemoveCoreAsync(id, cancellationToken));
    }

    /// <summary>Reads a schedule.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<ScheduleRecord?> FindAsync(string id, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return MeasureAsync("schedule.find", FindCoreAsync(id, cancellationToken));
    }

    /// <summary>Reads schedules in the order of their ids (by code point).</summary>
    /// <param name="after">The last id of the page before; null for the first page.</param>
    /// <param name="limit">Schedules at the most, 1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<ScheduleRecord>> ListAsync(
        string? after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, BatchMax);
        return MeasureAsync("schedule.list", ListCoreAsync(after, limit, cancellationToken));
    }

    /// <summary>Reads all schedules, page by page, in the order of their ids.</summary>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    internal async IAsyncEnumerable<ScheduleRecord> AllAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        do
        {
            var page = await ListAsync(after, PageSize, cancellationToken);
            foreach (var record in page)
            {
                yield return record;
            }

            after = page.Count < PageSize ? null : page[^1].Id;
        }
        while (after is not null);
    }

    /// <summary>How many there are.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<long> CountAsync(CancellationToken cancellationToken) =>
        MeasureAsync("schedule.count", CountCoreAsync(cancellationToken));

    /// <summary>
    /// Reads what is due: active schedules whose next tick has come, and those with a queued tick whose earlier jobs
    /// have all ended.
    /// </summary>
    /// <param name="max">Schedules at the most, 1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<DueResult> DueAsync(int max, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, BatchMax);
        return MeasureAsync("schedule.due", DueCoreAsync(max, cancellationToken));
    }

    /// <summary>The storage's time, by which all ticks are judged.</summary>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    internal async ValueTask<DateTimeOffset> NowAsync(CancellationToken cancellationToken) =>
        (await DueAsync(1, cancellationToken)).Now;

    /// <summary>
    /// Records firings and enqueues their jobs, all of one firing or none. A first line of missed or skipped ticks
    /// extends the newest line of ticks, when that has the same status.
    /// </summary>
    /// <param name="firings">1 to <see cref="BatchMax"/>, of different schedules.</param>
    /// <param name="cancellationToken">Gives up waiting; they may be recorded all the same.</param>
    /// <returns>A status for each, in order.</returns>
    /// <exception cref="ArgumentException">The ticks of one are not in order, or its next tick does not come after
    /// them.</exception>
    /// <exception cref="StorageException">The storage cannot take them now.</exception>
    public async ValueTask<IReadOnlyList<FireStatus>> RecordAsync(
        IReadOnlyList<Firing> firings, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(firings);
        for (var i = 0; i < firings.Count; i++)
        {
            CheckTicks(firings[i]);
        }

        var statuses = await MeasureAsync("schedule.fire", RecordCoreAsync(firings, cancellationToken));
        _signals.Send(new Signal(SignalKind.JobsReady));
        return statuses;
    }

    /// <summary>Enqueues a job of a schedule outside of its ticks, and records that.</summary>
    /// <param name="id">The schedule, in whatever state.</param>
    /// <param name="job">The job. A job with the id of an earlier run is the same call again, and the storage does
    /// nothing.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when there is no such schedule.</returns>
    /// <exception cref="StorageException">The storage cannot take it now.</exception>
    public async ValueTask<bool> RunAsync(string id, Protocol.JobMessage job, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(job);
        var done = await MeasureAsync("schedule.run", RunCoreAsync(id, job, cancellationToken));
        _signals.Send(new Signal(SignalKind.JobsReady, job.Queue));
        return done;
    }

    /// <summary>Reads what became of a schedule's ticks, newest first.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="limit">Lines at the most, 1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<TickRecord>> HistoryAsync(string id, int limit, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, BatchMax);
        return MeasureAsync("schedule.history", HistoryCoreAsync(id, limit, cancellationToken));
    }

    /// <summary>Removes lines of history that are older than a time, whose jobs have ended.</summary>
    /// <param name="keep">How long they are kept, by the storage's clock; zero or more.</param>
    /// <param name="max">Lines at the most, 1 to <see cref="BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many were removed.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<int> PruneAsync(TimeSpan keep, int max, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, BatchMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, TimeSpan.Zero);
        return MeasureAsync("schedule.prune", PruneCoreAsync(keep, max, cancellationToken));
    }

    /// <summary>
    /// Takes or keeps the lead, which spares the other nodes the polling. Two leaders at once do no harm.
    /// </summary>
    /// <param name="owner">Who asks; unique among all schedulers.</param>
    /// <param name="lease">How long the lead lasts unless it is asked for again.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>True when the asker leads.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<bool> TryLeadAsync(string owner, TimeSpan lease, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lease, TimeSpan.Zero);
        return MeasureAsync("schedule.lead", TryLeadCoreAsync(owner, lease, cancellationToken));
    }

    /// <summary>
    /// Gives the lead up, so another node does not wait for its end. Nothing happens when another node leads.
    /// </summary>
    /// <param name="owner">Who led.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask ResignAsync(string owner, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        await MeasureAsync("schedule.resign", ResignCoreAsync(owner, cancellationToken));
        _signals.Send(new Signal(SignalKind.SchedulesChanged));
    }

    /// <summary>Writes what <see cref="SaveAsync"/> promises.</summary>
    /// <inheritdoc cref="SaveAsync"/>
    protected abstract ValueTask<long?> SaveCoreAsync(ScheduleRecord schedule, CancellationToken cancellationToken);

    /// <summary>Removes.</summary>
    /// <inheritdoc cref="RemoveAsync"/>
    protected abstract ValueTask<bool> RemoveCoreAsync(string id, CancellationToken cancellationToken);

    /// <summary>Reads one.</summary>
    /// <inheritdoc cref="FindAsync"/>
    protected abstract ValueTask<ScheduleRecord?> FindCoreAsync(string id, CancellationToken cancellationToken);

    /// <summary>Reads a page.</summary>
    /// <inheritdoc cref="ListAsync"/>
    protected abstract ValueTask<IReadOnlyList<ScheduleRecord>> ListCoreAsync(
        string? after, int limit, CancellationToken cancellationToken);

    /// <summary>Counts.</summary>
    /// <inheritdoc cref="CountAsync"/>
    protected abstract ValueTask<long> CountCoreAsync(CancellationToken cancellationToken);

    /// <summary>Reads what is due.</summary>
    /// <inheritdoc cref="DueAsync"/>
    protected abstract ValueTask<DueResult> DueCoreAsync(int max, CancellationToken cancellationToken);

    /// <summary>Writes what <see cref="RecordAsync"/> promises, in one transaction with the jobs.</summary>
    /// <inheritdoc cref="RecordAsync"/>
    protected abstract ValueTask<IReadOnlyList<FireStatus>> RecordCoreAsync(
        IReadOnlyList<Firing> firings, CancellationToken cancellationToken);

    /// <summary>Writes what <see cref="RunAsync"/> promises, in one transaction with the job.</summary>
    /// <inheritdoc cref="RunAsync"/>
    protected abstract ValueTask<bool> RunCoreAsync(
        string id, Protocol.JobMessage job, CancellationToken cancellationToken);

    /// <summary>Reads history.</summary>
    /// <inheritdoc cref="HistoryAsync"/>
    protected abstract ValueTask<IReadOnlyList<TickRecord>> HistoryCoreAsync(
        string id, int limit, CancellationToken cancellationToken);

    /// <summary>Removes old history.</summary>
    /// <inheritdoc cref="PruneAsync"/>
    protected abstract ValueTask<int> PruneCoreAsync(TimeSpan keep, int max, CancellationToken cancellationToken);

    /// <summary>Takes or keeps the lead.</summary>
    /// <inheritdoc cref="TryLeadAsync"/>
    protected abstract ValueTask<bool> TryLeadCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Gives the lead up.</summary>
    /// <inheritdoc cref="ResignAsync"/>
    protected abstract ValueTask ResignCoreAsync(string owner, CancellationToken cancellationToken);

    /// <summary>
    /// Refuses a schedule that would fire a tick again. A storage calls it with the last tick that it keeps.
    /// </summary>
    /// <param name="schedule">The schedule as it is to be stored.</param>
    /// <param name="last">The newest tick that was recorded; null before.</param>
    /// <exception cref="ArgumentException">Its next tick does not come after the last.</exception>
    protected static void CheckNextTick(ScheduleRecord schedule, DateTimeOffset? last)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        if (schedule.NextTick <= last)
        {
            throw new ArgumentException(
                $"The next tick of schedule '{schedule.Id}' is {schedule.NextTick:O}, and {last:O} has been dealt "
                    + "with.",
                nameof(schedule));
        }
    }

    private async ValueTask<T> MeasureAsync<T>(string operation, ValueTask<T> call)
    {
        using var activity = _meter.StartCall(operation);
        var start = _meter.Start();
        var result = await call;
        _meter.Stop(operation, start);
        return result;
    }

    private async ValueTask MeasureAsync(string operation, ValueTask call)
    {
        using var activity = _meter.StartCall(operation);
        var start = _meter.Start();
        await call;
        _meter.Stop(operation, start);
    }

    private static void CheckTicks(Firing firing)
    {
        DateTimeOffset? last = null;
        foreach (var tick in firing.Ticks)
        {
            if (tick.Tick <= last || tick.Through < tick.Tick || tick.Status == TickStatus.Manual)
            {
                throw new ArgumentException(
                    $"The ticks of schedule '{firing.Id}' do not follow one another.", nameof(firing));
            }

            last = tick.Through;
        }

        if (firing.NextTick <= last)
        {
            throw new ArgumentException(
                $"The next tick of schedule '{firing.Id}' is {firing.NextTick:O}, and {last:O} comes before it.",
                nameof(firing));
        }
    }
}
