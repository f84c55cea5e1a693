namespace Lovage.Sqlite.Writing;

/// <summary>
/// The calls that wait for the writer's thread, and that thread's sleep. Without anything to do it sleeps without a
/// timer.
/// </summary>
/// <remarks>Safe for use by several threads; taking is the writer's.</remarks>
internal sealed class WriteLines
{
    /// <summary>Rows of one transaction, about.</summary>
    private const int TurnWeightMax = 2_000;

    private readonly object _gate = new();
    private readonly Queue<WriteOperation> _renewals = new();
    private readonly Queue<WriteOperation> _operations = new();
    private readonly Queue<WriteOperation> _loans = new();
    private bool _isIdle;
    private bool _isPoked;
    private bool _isClosing;

    /// <summary>True when the storage is closing and nothing waits.</summary>
    internal bool IsFinished
    {
        get
        {
            lock (_gate)
            {
                return _isClosing && IsEmpty;
            }
        }
    }

    private bool IsEmpty => _operations.Count + _renewals.Count + _loans.Count == 0;

    /// <exception cref="StorageException">The storage is closed.</exception>
    internal void Add(WriteOperation operation)
    {
        lock (_gate)
        {
            if (_isClosing)
            {
                throw new StorageException("The SQLite storage is closed.", isTransient: false);
            }

            var line = operation.Line switch
            {
                WriteLine.Renewal => _renewals,
                WriteLine.Loan => _loans,
                _ => _operations,
            };
            line.Enqueue(operation);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Another process may have written: wakes the writer when it sleeps.</summary>
    internal void Poke()
    {
        if (!Volatile.Read(ref _isIdle))
        {
            return;
        }

        lock (_gate)
        {
            _isPoked = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Takes no more; what waits is still carried out.</summary>
    internal void Close()
    {
        lock (_gate)
        {
            _isClosing = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>
    /// Fills a turn with what waits, renewals first. True when there is something to do, a loan included.
    /// </summary>
    internal bool TryFill(List<WriteOperation> turn)
    {
        lock (_gate)
        {
            turn.Clear();
            for (var weight = 0; weight < TurnWeightMax && (_renewals.TryDequeue(out var operation)
                || _operations.TryDequeue(out operation)); weight += operation.Weight)
            {
                turn.Add(operation);
            }

            return turn.Count + _loans.Count > 0;
        }
    }

    /// <summary>Takes a call for a loan whose caller still waits.</summary>
    internal WriteOperation? TakeLoan()
    {
        lock (_gate)
        {
            return _loans.TryDequeue(out var loan) && loan.TryTake() ? loan : null;
        }
    }

    /// <summary>
    /// Sleeps for a moment, since most calls of a busy process come back at once. False when nothing came: from now on
    /// <see cref="Poke"/> is heard.
    /// </summary>
    internal bool WaitBriefly(int milliseconds)
    {
        lock (_gate)
        {
            if (!IsEmpty || _isClosing || Monitor.Wait(_gate, milliseconds))
            {
                return true;
            }

            Volatile.Write(ref _isIdle, true);
            return false;
        }
    }

    /// <summary>
    /// Sleeps until a call comes, the storage closes or <see cref="Poke"/> is called. False when the limit passed
    /// first; null is no limit.
    /// </summary>
    internal bool WaitLong(int? milliseconds)
    {
        lock (_gate)
        {
            var isQuiet = false;
            while (IsEmpty && !_isPoked && !_isClosing && !isQuiet)
            {
                isQuiet = milliseconds is { } limit ? !Monitor.Wait(_gate, limit) : !Monitor.Wait(_gate);
            }

            _isPoked = false;
            Volatile.Write(ref _isIdle, false);
            return !isQuiet;
        }
    }

    /// <summary>Takes no more, and hands what waits to its callers as failed.</summary>
    internal void FailAll(Exception fault)
    {
        lock (_gate)
        {
            _isClosing = true;
            foreach (var line in new[] { _renewals, _operations, _loans })
            {
                while (line.TryDequeue(out var operation))
                {
                    operation.Fail(fault);
                }
            }
        }
    }
}
