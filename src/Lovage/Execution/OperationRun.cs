using System.Diagnostics.CodeAnalysis;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>Carries out one bulk operation that this process holds, page by page.</summary>
/// <remarks>
/// Jobs come newest first from a place that is stored after each page. A job keeps its place when it is put back, so
/// that no page meets it again. Used by one caller.
/// </remarks>
internal sealed class OperationRun
{
    /// <summary>Jobs a page.</summary>
    internal const int PageMax = 200;

    /// <summary>How long a process holds an operation without a report.</summary>
    internal static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly JobStorage _storage;
    private readonly JobHistory _history;
    private readonly OperationStore _operations;
    private readonly string _owner;
    private readonly TimeProvider _time;
    private readonly WakeUp _hints;
    private readonly OperationReport _report;
    private readonly OperationPace _pace;
    private BulkOperation _operation;
    private long _heldTimestamp;
    private bool _isAhead;

    /// <param name="storage">The storage, which keeps operations and records of jobs.</param>
    /// <param name="owner">Under which name the process holds the operation.</param>
    /// <param name="operation">The operation as it was taken.</param>
    /// <param name="takenTimestamp">Before it was taken.</param>
    /// <param name="time">The clock.</param>
    /// <param name="hints">Pulsed when an operation may have changed.</param>
    /// <param name="report">Where it is told.</param>
    internal OperationRun(
        JobStorage storage, string owner, BulkOperation operation, long takenTimestamp, TimeProvider time, WakeUp hints,
        OperationReport report)
    {
        _storage = storage;
        _history = storage.RequireHistory();
        _operations = storage.Operations!;
        _owner = owner;
        _operation = operation;
        _heldTimestamp = takenTimestamp;
        _time = time;
        _hints = hints;
        _report = report;
        _pace = new OperationPace(operation, time);
    }

    /// <summary>Carries it out until it has ended, or another process has it.</summary>
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A fault that a repetition does not mend ends the operation, and its record says why.")]
    internal async Task RunAsync(CancellationToken stopped)
    {
        _report.Taken(_operation);
        while (true)
        {
            try
            {
                if (!await StepAsync(stopped))
                {
                    return;
                }
            }
            catch (OperationCanceledException) when (stopped.IsCancellationRequested)
            {
                throw;
            }
            catch (StorageException fault) when (fault.IsTransient)
            {
                _report.LoopFault(fault);
                await PauseAsync(RetryPause, stopped);
            }
            catch (Exception fault) when (_operation.State != BulkState.Failed)
            {
                _operation = _operation with { State = BulkState.Failed, Error = Reason(fault) };
                _isAhead = true;
            }
        }
    }

    /// <summary>Ends the lease, so that another process goes on at once.</summary>
    internal async Task LeaveAsync(CancellationToken cancellationToken)
    {
        if (_operation.State == BulkState.Running)
        {
            await _operations.ReportAsync(_owner, _operation, TimeSpan.FromTicks(1), cancellationToken);
            _storage.Signals.Send(new Signal(SignalKind.OperationsChanged));
        }
    }

    /// <summary>One page at the most; false when there is nothing more to do here.</summary>
    private async Task<bool> StepAsync(CancellationToken stopped)
    {
        if (_isAhead)
        {
            // The page before was changed, and the storage did not take the report.
            return await ReportAsync(stopped);
        }

        if (_operation.CancelRequested)
        {
            _operation = _operation with { State = BulkState.Cancelled };
            return await ReportAsync(stopped);
        }

        var room = _pace.Room(PageMax);
        if (room == 0)
        {
            return await WaitAsync(stopped);
        }

        var page = await _history.QueryAsync(Filter(room), stopped);
        if (_time.GetElapsedTime(_heldTimestamp) > Lease / 3 && !await ReportAsync(stopped))
        {
            // The query took long.
            return false;
        }

        if (_operation.CancelRequested)
        {
            return true;
        }

        var (done, skipped) = await OperationChange.ApplyAsync(_storage.Store, _operation, page.Jobs, stopped);
        _pace.Spend(done);
        _operation = _operation with
        {
            Done = _operation.Done + done,
            Skipped = _operation.Skipped + skipped,
            Next = page.Next ?? _operation.Next,
            State = page.Next is null ? BulkState.Done : BulkState.Running,
        };
        _isAhead = true;
        return await ReportAsync(stopped);
    }

    /// <summary>Waits for the next share, and looks whether the operation is to be cancelled.</summary>
    private async Task<bool> WaitAsync(CancellationToken stopped)
    {
        await PauseAsync(OperationPace.Step, stopped);
        if (_time.GetElapsedTime(_heldTimestamp) > Lease / 3)
        {
            return await ReportAsync(stopped);
        }

        if (await _operations.FindAsync(_operation.Id, stopped) is not { State: BulkState.Running } stored)
        {
            _report.Lost(_operation);
            return false;
        }

        _operation = _operation with { CancelRequested = stored.CancelRequested };
        return true;
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken stopped) =>
        await _hints.WaitAsync(_hints.Version, pause, _time, stopped);

    /// <summary>Writes how far it is; false when it has ended, or is another process's now.</summary>
    private async Task<bool> ReportAsync(CancellationToken stopped)
    {
        var asked = _time.GetTimestamp();
        var stored = await _operations.ReportAsync(_owner, _operation, Lease, stopped);
        _isAhead = false;
        if (stored is null)
        {
            _report.Lost(_operation);
            return false;
        }

        (_operation, _heldTimestamp) = (stored, asked);
        if (stored.State == BulkState.Running)
        {
            return true;
        }

        _report.Ended(stored);
        return false;
    }

    /// <summary>The next page of those jobs that the storage had accepted when the operation was made.</summary>
    private JobQuery Filter(int limit)
    {
        var end = _operation.CreatedAt.AddTicks(1);
        return _operation.Filter with
        {
            Until = _operation.Filter.Until is { } until && until < end ? until : end,
            After = _operation.Next,
            Limit = limit,
        };
    }

    private static string Reason(Exception fault) =>
        fault is LovageException or ArgumentException or NotSupportedException
            ? fault.Message
            : $"{fault.GetType().Name}: {fault.Message}";
}
