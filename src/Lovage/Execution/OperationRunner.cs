using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Looks for bulk operations that no live process holds, and carries them out. While there is none, it reads once in
/// <see cref="LookInterval"/>, and sooner after a signal. Where no other process shares the storage, it waits for a
/// signal alone.
/// </summary>
/// <remarks>
/// Operations run one after the other, in the order in which they were added. While one is spread over a time, a second
/// runner looks for others, so that it does not hold them up. When the first has ended, the second runner leaves its
/// own operation, and this one goes on with it.
/// </remarks>
internal sealed class OperationRunner
{
    /// <summary>From one look to the next while there is nothing to do.</summary>
    internal static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(15);

    /// <summary>From one look to the next while signals come.</summary>
    private static readonly TimeSpan HintInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(1);

    /// <summary>Operations at the same time in one process.</summary>
    private const int CountMax = 4;

    private readonly string _owner;
    private readonly TimeProvider _time;
    private readonly OperationReport _report;
    private readonly OperationRunner? _beside;
    private readonly WakeUp _hints = new();
    private long? _lookedTimestamp;
    private int _isHinted;
    private bool _mayBeLeft;
    private volatile bool _isBusy;

    /// <param name="owner">Under which name the process holds operations; unique among all processes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="report">Where it is told.</param>
    internal OperationRunner(string owner, TimeProvider time, OperationReport report)
        : this(owner, time, report, CountMax)
    {
    }

    private OperationRunner(string owner, TimeProvider time, OperationReport report, int count)
    {
        _owner = owner;
        _time = time;
        _report = report;
        _beside = count > 1 ? new OperationRunner(owner + "+", time, report, count - 1) : null;
    }

    /// <summary>Looks and carries out until it is stopped; the storage is open.</summary>
    internal async Task RunAsync(JobStorage storage, CancellationToken stopped)
    {
        if (storage.Operations is not { } operations || storage.History is null)
        {
            return;
        }

        using var signals = storage.Signals.Subscribe(OnSignal, SignalKind.OperationsChanged);
        var loop = new BackgroundLoop("operations", _time, (_, fault) => _report.LoopFault(fault), _hints);
        await loop.RunAsync(token => LookAsync(storage, operations, token), stopped);
    }

    private async Task<TimeSpan> LookAsync(
        JobStorage storage, OperationStore operations, CancellationToken stopped)
    {
        if (_lookedTimestamp is { } looked && HintInterval - _time.GetElapsedTime(looked) is var rest
            && rest > TimeSpan.Zero)
        {
            return rest;
        }

        Volatile.Write(ref _isHinted, 0);
        var asked = _time.GetTimestamp();
        _lookedTimestamp = asked;
        if (await operations.TakeAsync(_owner, OperationRun.Lease, stopped) is not { } operation)
        {
            // A lease that the second runner has left ends a moment later, and no signal tells of that.
            var mayBeLeft = _mayBeLeft;
            _mayBeLeft = false;
            return mayBeLeft ? HintInterval : operations.IsShared ? LookInterval : TimeSpan.MaxValue;
        }

        _isBusy = true;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopped);
        _mayBeLeft = _beside is not null && operation.Spread > TimeSpan.Zero;
        var others = _mayBeLeft
            ? _beside!.RunAsync(storage, ended.Token)
            : Task.CompletedTask;
        try
        {
            await CarryOutAsync(
                new OperationRun(storage, _owner, operation, asked, _time, _hints, _report), stopped);
        }
        finally
        {
            End(ended);
            await others;
            _isBusy = false;
            _lookedTimestamp = null;
        }

        return TimeSpan.Zero;
    }

    /// <summary>Not on the pool, so that what ends runs where this runs.</summary>
    private static void End(CancellationTokenSource source) => source.Cancel();

    private async Task CarryOutAsync(OperationRun run, CancellationToken stopped)
    {
        try
        {
            await run.RunAsync(stopped);
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            await LeaveAsync(run);
            throw;
        }
    }

    private async Task LeaveAsync(OperationRun run)
    {
        using var limit = new CancellationTokenSource(LeaveTime, _time);
        try
        {
            await run.LeaveAsync(limit.Token);
        }
        catch (StorageException fault)
        {
            // The lease runs out.
            _report.LoopFault(fault);
        }
        catch (OperationCanceledException)
        {
            // As above.
        }
    }

    /// <summary>
    /// A change of unknown kind may come with every write of another process: it hastens a look, once, and no operation
    /// that is under way.
    /// </summary>
    private void OnSignal(Signal signal)
    {
        if (signal.Kind == SignalKind.OperationsChanged
            || (!_isBusy && Interlocked.Exchange(ref _isHinted, 1) == 0))
        {
            _hints.Pulse();
        }
    }
}
