using System.Diagnostics.CodeAnalysis;

namespace Lovage.Storage;

/// <summary>
/// One worker's way to claim jobs of some queues. The public methods wait, check and measure; a storage writes the
/// protected ones, each of which looks once.
/// </summary>
/// <remarks>
/// Safe for use by several threads; <see cref="ReceiveAsync"/> has one caller at a time, and
/// <see cref="ReceiveOrphanAsync"/> likewise. Each look has a number that no other look of this process has, so that a
/// storage can release exactly the claims of a look whose reply was lost.
/// </remarks>
[Experimental("LVGS001")]
public abstract class JobReceiver : IAsyncDisposable
{
    private readonly JobBroker _broker;
    private readonly TimeProvider _time;
    private readonly WakeUp _ready = new();
    private readonly WakeUp _orphans = new();
    private readonly IDisposable _readySignals;
    private readonly IDisposable _orphanSignals;
    private Drained? _drained;
    private Drained? _orphansDrained;
    private int _wakes;

    /// <summary>For storages.</summary>
    /// <param name="broker">The broker that opens it.</param>
    /// <param name="options">Who claims, from which queues, for how long.</param>
    protected JobReceiver(JobBroker broker, ReceiverOptions options)
    {
        ArgumentNullException.ThrowIfNull(broker);
        ArgumentNullException.ThrowIfNull(options);
        _broker = broker;
        _time = broker.Time;
        Options = options;
        _readySignals = broker.Signals.Subscribe(_ => _ready.Pulse(), SignalKind.JobsReady);
        _orphanSignals = broker.Signals.Subscribe(_ => _orphans.Pulse(), SignalKind.OrphansReady);
    }

    /// <summary>Who claims, from which queues, for how long.</summary>
    public ReceiverOptions Options { get; }

    /// <summary>
    /// How much later than due this receiver looks for delayed jobs: zero, unless another worker is to come first.
    /// </summary>
    internal TimeSpan HoldBack { get; set; }

    /// <summary>
    /// Claims ready jobs in order: by the order of the queues, then by priority, then by when each became ready. Waits
    /// for the first when none is ready.
    /// </summary>
    /// <remarks>
    /// The storage makes due jobs ready here: they join the back, in the order of their due times. Orphans and jobs of
    /// paused queues are not delivered here. If this receive emptied the queues, the next one waits for a signal before
    /// it queries.
    /// </remarks>
    /// <param name="max">Deliveries at the most, 1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="wait">How long to wait when nothing is ready; zero returns after one look.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The claimed deliveries; none when the wait ran out or <see cref="Wake"/> ended it.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<Received> ReceiveAsync(int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        JobBroker.CheckMax(max);
        return ReceiveSinceAsync(max, wait, Wakes, cancellationToken);
    }

    /// <summary>How often <see cref="Wake"/> was called.</summary>
    internal int Wakes => Volatile.Read(ref _wakes);

    /// <summary>
    /// Claims as above, but neither looks nor waits when <see cref="Wake"/> was called since a moment of the caller's.
    /// </summary>
    /// <param name="max">Deliveries at the most.</param>
    /// <param name="wait">How long to wait when nothing is ready.</param>
    /// <param name="wakes"><see cref="Wakes"/> as it was then.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async ValueTask<Received> ReceiveSinceAsync(
        int max, TimeSpan wait, int wakes, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        if (wakes != Wakes)
        {
            return Received.Nothing;
        }

        if (_drained is { } before)
        {
            _drained = null;

            // The time since that look counts as waited, because the receiver heard signals all that time.
            await WaitAsync(_ready, before, wait - _time.GetElapsedTime(before.Timestamp), cancellationToken);
            if (wakes != Volatile.Read(ref _wakes))
            {
                return Received.Nothing;
            }
        }

        while (true)
        {
            var seen = _ready.Version;
            var asked = _time.GetTimestamp();
            var look = await ReceiveCoreAsync(_broker.NextLook(), max, cancellationToken);
            var drained = new Drained(seen, _time.GetTimestamp(), look.LookAgainAfter);
            if (look.Deliveries.Count > 0)
            {
                _drained = look.IsDrained ? drained : null;
                _broker.Meter.Received(look.Deliveries, asked, Options.Owner);
                return new Received(look.Deliveries, asked);
            }

            var rest = wait - _time.GetElapsedTime(start);
            if (rest > TimeSpan.Zero && wakes == Volatile.Read(ref _wakes))
            {
                await WaitAsync(_ready, drained, rest, cancellationToken);
            }

            if (rest <= TimeSpan.Zero || wakes != Volatile.Read(ref _wakes))
            {
                // One look a wait: the next receive goes on from this one.
                _drained = rest <= TimeSpan.Zero && look.IsDrained ? drained : null;
                return Received.Nothing;
            }
        }
    }

    /// <summary>Claims one orphan: a job that came back from a dead owner. Waits for one when there is none.</summary>
    /// <remarks>
    /// The order is that of <see cref="ReceiveAsync(int, TimeSpan, CancellationToken)"/>. The worker writes its start
    /// (<see cref="JobStore.RecordStartsAsync"/>, ahead) before the handler runs. So a job that kills its process is
    /// detected.
    /// </remarks>
    /// <param name="wait">How long to wait when there is none; zero returns after one look.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>One delivery; none when the wait ran out or <see cref="Wake"/> ended it.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<Received> ReceiveOrphanAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        var wakes = Volatile.Read(ref _wakes);
        while (true)
        {
            if (_orphansDrained is { } before)
            {
                _orphansDrained = null;
                await WaitAsync(_orphans, before, wait - _time.GetElapsedTime(start), cancellationToken);
                if (wakes != Volatile.Read(ref _wakes))
                {
                    return Received.Nothing;
                }
            }

            var seen = _orphans.Version;
            var asked = _time.GetTimestamp();
            if (await ReceiveOrphanCoreAsync(_broker.NextLook(), cancellationToken) is { } delivery)
            {
                Delivery[] deliveries = [delivery];
                _broker.Meter.Received(deliveries, asked, Options.Owner);
                return new Received(deliveries, asked);
            }

            _orphansDrained = new Drained(seen, _time.GetTimestamp(), null);
            if (_time.GetElapsedTime(start) >= wait)
            {
                return Received.Nothing;
            }
        }
    }

    /// <summary>Ends the waits of this receiver, because the worker wants to make another call.</summary>
    public void Wake()
    {
        Interlocked.Increment(ref _wakes);
        _ready.Pulse();
        _orphans.Pulse();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _readySignals.Dispose();
        _orphanSignals.Dispose();
        await DisposeCoreAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Looks once, without waiting; makes due jobs ready on the way.</summary>
    /// <param name="look">The number of this look.</param>
    /// <param name="max">Deliveries at the most.</param>
    /// <param name="cancellationToken">Gives up waiting for the storage.</param>
    protected abstract ValueTask<LookResult> ReceiveCoreAsync(long look, int max, CancellationToken cancellationToken);

    /// <summary>Looks for one orphan, without waiting.</summary>
    /// <param name="look">The number of this look.</param>
    /// <param name="cancellationToken">Gives up waiting for the storage.</param>
    /// <returns>The claimed orphan; null when there is none.</returns>
    protected abstract ValueTask<Delivery?> ReceiveOrphanCoreAsync(long look, CancellationToken cancellationToken);

    /// <summary>Closes; nothing by default.</summary>
    protected virtual ValueTask DisposeCoreAsync() => default;

    private async ValueTask WaitAsync(
        WakeUp signals, Drained drained, TimeSpan limit, CancellationToken cancellationToken)
    {
        var untilDue = drained.LookAgainAfter + HoldBack - _time.GetElapsedTime(drained.Timestamp);
        await signals.WaitAsync(drained.Version, untilDue < limit ? untilDue.Value : limit, _time, cancellationToken);
    }

    /// <summary>A look that left no job ready. The next look finds none before a signal or a due time.</summary>
    /// <param name="Version">Of the signals, before that look.</param>
    /// <param name="Timestamp">Just after that look.</param>
    /// <param name="LookAgainAfter">How long from then until a delayed job is due; null when none waits.</param>
    private readonly record struct Drained(long Version, long Timestamp, TimeSpan? LookAgainAfter);
}

/// <summary>What one receive claimed.</summary>
/// <param name="Deliveries">The claimed jobs.</param>
/// <param name="AskedTimestamp">The receiver's timestamp just before the look: no lease of these deliveries began
/// before it.</param>
public readonly record struct Received(IReadOnlyList<Delivery> Deliveries, long AskedTimestamp)
{
    internal static Received Nothing { get; } = new([], 0);
}

/// <summary>What a storage answers to one look into its queues.</summary>
/// <param name="Deliveries">What it claimed; empty when nothing is ready.</param>
/// <param name="LookAgainAfter">How long until the next delayed job of these queues is due; null when there is
/// none.</param>
/// <param name="IsDrained"> True when the look left no job ready: the next look waits for a signal. False when more may
/// be ready, or when no signal would come. </param>
public readonly record struct LookResult(IReadOnlyList<Delivery> Deliveries, TimeSpan? LookAgainAfter, bool IsDrained);
