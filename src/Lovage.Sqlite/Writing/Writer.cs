using System.Diagnostics.CodeAnalysis;
using Lovage.Sqlite.Files;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// The thread that does every write and every checkpoint of this storage. Each turn carries out all that waits,
/// renewals first, in one transaction; callers are told once it is on disk. When there is nothing to do it sleeps
/// without a timer.
/// </summary>
internal sealed partial class Writer
{
    private const int TurnWeightMax = 2_000;
    private const int GraceMilliseconds = 2;
    private const int SettleDownMilliseconds = 1_000;

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly Queue<WriteOperation> _renewals = new();
    private readonly Queue<WriteOperation> _operations = new();
    private readonly Queue<WriteOperation> _loans = new();
    private readonly List<WriteOperation> _turn = [];
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _path;
    private readonly bool _isFull;
    private readonly Func<SqliteConnection, WriteSession> _makeSession;
    private readonly Action _othersWrote;
    private readonly Checkpoints _checkpoints = new();
    private bool _isIdle;
    private bool _isPoked;
    private bool _isClosing;
    private long _dataVersion;
    private bool _isLogDirty;
    private bool _hasBegun;
    private bool? _flushes;

    internal Writer(string path, bool isFull, Func<SqliteConnection, WriteSession> makeSession, Action othersWrote)
    {
        _path = path;
        _isFull = isFull;
        _makeSession = makeSession;
        _othersWrote = othersWrote;
    }

    internal Task OpenAsync()
    {
        new Thread(Work) { IsBackground = true, Name = "lovage-sqlite-writer" }.Start();
        return _opened.Task;
    }

    internal ValueTask<T> DoAsync<T>(WriteOperation<T> operation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_isClosing)
            {
                throw new StorageException("The SQLite storage is closed.", isTransient: false);
            }

            (operation is RenewOperation ? _renewals : operation is LoanOperation ? _loans : _operations).Enqueue(
                operation);
            Monitor.Pulse(_gate);
        }

        return operation.WaitAsync(cancellationToken);
    }

    /// <summary>Another process may have written: look, if nobody looks anyway.</summary>
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

    /// <summary>Finishes what waits, writes a last checkpoint and closes.</summary>
    /// <remarks>
    /// When another process holds the lock and stands still, it is left to the system: nothing that was confirmed is
    /// lost by it.
    /// </remarks>
    internal async Task CloseAsync()
    {
        lock (_gate)
        {
            _isClosing = true;
            Monitor.Pulse(_gate);
        }

        await Task.WhenAny(_closed.Task, Task.Delay(CloseLimit, TimeProvider.System));
    }

    /// <summary>True while the thread is there to write.</summary>
    internal bool IsWorking => _opened.Task.IsCompletedSuccessfully && !_closed.Task.IsCompleted;

    [SuppressMessage(
        "Design", "CA1031", Justification = "A fault must reach those who wait for the thread, whatever it is.")]
    private void Work()
    {
        SqliteConnection? connection = null;
        Turnstile? turnstile = null;
        try
        {
            DatabaseFile.CheckPlace(_path);
            turnstile = new Turnstile(_path);
            connection = Open(turnstile);
            var session = _makeSession(connection);
            _dataVersion = session.DataVersion;
            _opened.SetResult();
            while (WaitForWork(session, turnstile))
            {
                Turn(session, turnstile);
                Lend(session, turnstile);
                LookAtOthers(session);
            }
        }
        catch (Exception fault)
        {
            FailAll(fault);
        }

        Close(connection, turnstile);
    }

    private SqliteConnection Open(Turnstile turnstile)
    {
        turnstile.Enter();
        SqliteConnection? connection = null;
        try
        {
            DatabaseFile.Create(_path);
            connection = SqliteConnection.OpenWriter(_path);
            connection.Execute("PRAGMA busy_timeout = 5000");
            _ = Migration.Check(connection, _path);
            connection.Execute("PRAGMA cache_size = -16000");
            connection.Execute("PRAGMA temp_store = MEMORY");
            connection.Execute("PRAGMA foreign_keys = OFF");
            connection.Execute("PRAGMA trusted_schema = OFF");
            if (connection.ScalarText("PRAGMA journal_mode = WAL") != "wal")
            {
                throw new StorageException(
                    $"The SQLite file '{_path}' cannot use a write-ahead log here. Put it on a local disk; network "
                        + "file systems have no shared memory.",
                    isTransient: false);
            }

            connection.Execute("PRAGMA wal_autocheckpoint = 0");
            connection.WatchLog();
            connection.Execute("PRAGMA journal_size_limit = 67108864");
            Flush(connection, _isFull);
            Migration.Run(connection, _path);
            return connection;
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
        finally
        {
            turnstile.Exit();
        }
    }

    /// <summary>Fills the turn. False when it is time to close.</summary>
    private bool WaitForWork(WriteSession session, Turnstile turnstile)
    {
        while (true)
        {
            lock (_gate)
            {
                if (TryFillTurn())
                {
                    return true;
                }

                if (_isClosing)
                {
                    return false;
                }

                // Most calls of a busy process come back at once; until then nobody need tell it that others write.
                if (Monitor.Wait(_gate, GraceMilliseconds))
                {
                    continue;
                }

                Volatile.Write(ref _isIdle, true);
            }

            LookAtOthers(session);
            var isQuiet = false;
            lock (_gate)
            {
                while (_operations.Count + _renewals.Count + _loans.Count == 0 && !_isPoked && !_isClosing && !isQuiet)
                {
                    isQuiet = _isLogDirty ? !Monitor.Wait(_gate, SettleDownMilliseconds) : !Monitor.Wait(_gate);
                }

                _isPoked = false;
                Volatile.Write(ref _isIdle, false);
            }

            if (isQuiet)
            {
                _checkpoints.Run(session, turnstile);
                _isLogDirty = false;
            }
            else
            {
                LookAtOthers(session);
            }
        }
    }

    private bool TryFillTurn()
    {
        _turn.Clear();
        for (var weight = 0; weight < TurnWeightMax && (_renewals.TryDequeue(out var operation)
            || _operations.TryDequeue(out operation)); weight += operation.Weight)
        {
            _turn.Add(operation);
        }

        return _turn.Count + _loans.Count > 0;
    }

    /// <summary>One loan between two turns, so that renewals never wait for more than one.</summary>
    [SuppressMessage(
        "Design", "CA1031", Justification = "Whatever goes wrong belongs to the one who asked; the thread goes on.")]
    private void Lend(WriteSession session, Turnstile turnstile)
    {
        WriteOperation? loan;
        lock (_gate)
        {
            if (!_loans.TryDequeue(out loan) || !loan.TryTake())
            {
                return;
            }
        }

        try
        {
            turnstile.Enter();
            try
            {
                RefuseMoved(session);
                _isLogDirty = true;
                loan.Run(session);
                turnstile.Signal();
            }
            finally
            {
                turnstile.Exit();
            }
        }
        catch (Exception fault)
        {
            loan.Fail(fault);
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "Whatever goes wrong belongs to the callers of this turn; the thread goes on.")]
    private void Turn(WriteSession session, Turnstile turnstile)
    {
        List<WriteOperation>? idle = null;
        try
        {
            for (var i = 0; i < _turn.Count; i++)
            {
                if (!_turn[i].HasWork(session))
                {
                    (idle ??= []).Add(_turn[i]);
                }
            }
        }
        catch (Exception fault)
        {
            RollBack(session);
            FailTurn(fault);
            return;
        }

        foreach (var operation in idle ?? [])
        {
            _turn.Remove(operation);
            if (operation.TryTake())
            {
                operation.Complete();
            }
        }

        if (_turn.Count == 0)
        {
            return;
        }

        try
        {
            turnstile.Enter();
        }
        catch (StorageException fault)
        {
            FailTurn(fault);
            return;
        }

        try
        {
            _turn.RemoveAll(static operation => !operation.TryTake());
            RunTurn(session);
            if (_turn.Exists(static operation => operation.WakesOthers))
            {
                turnstile.Signal();
            }

            if (_checkpoints.IsDue(session))
            {
                _checkpoints.Run(session);
            }
        }
        catch (Exception fault)
        {
            FailTurn(fault);
        }
        finally
        {
            turnstile.Exit();
        }
    }

    private void RunTurn(WriteSession session)
    {
        if (_turn.Count == 0)
        {
            return;
        }

        RefuseMoved(session);
        _isLogDirty = true;
        if (TryRun(session, _turn) is not { } fault)
        {
            Complete(_turn);
            return;
        }

        if (_turn.Count == 1 || !_hasBegun)
        {
            FailTurn(fault);
            return;
        }

        // One of them is at fault: each by itself, so that only that one fails.
        foreach (var operation in _turn)
        {
            if (TryRun(session, [operation]) is { } own)
            {
                operation.Fail(own);
            }
            else
            {
                operation.Complete();
            }
        }
    }

    private void RefuseMoved(WriteSession session)
    {
        if (session.Connection.HasMoved)
        {
            throw new StorageException(
                $"The SQLite file '{_path}' was moved, deleted or replaced while it was in use. Put it back and start "
                    + "the application again.",
                isTransient: false);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The fault is handed to the caller of the operation.")]
    private Exception? TryRun(WriteSession session, List<WriteOperation> operations)
    {
        _hasBegun = false;
        try
        {
            Flush(session.Connection, _isFull && operations.Exists(static operation => operation.IsDurable));
            session.Begin();
            _hasBegun = true;
            foreach (var operation in operations)
            {
                operation.Run(session);
            }

            session.Commit();
            return null;
        }
        catch (Exception fault)
        {
            RollBack(session);
            return fault;
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "What made the rollback necessary is what the callers are told; a transaction that is still "
            + "open fails the next turn too.")]
    private static void RollBack(WriteSession session)
    {
        try
        {
            session.RollBack();
        }
        catch (Exception)
        {
            // SQLite has rolled back by itself, or the next turn says what is wrong.
        }
    }

    /// <summary>
    /// Whether the next commit waits for the disk. One that does brings all before it to the disk too: they stand in
    /// front of it in the log.
    /// </summary>
    private void Flush(SqliteConnection connection, bool isFull)
    {
        if (_flushes != isFull)
        {
            connection.Execute(isFull ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
            _flushes = isFull;
        }
    }

    private void LookAtOthers(WriteSession session)
    {
        long version;
        try
        {
            version = session.DataVersion;
        }
        catch (StorageException)
        {
            // Only a hint is missed: whoever waits also looks by himself now and then.
            return;
        }

        if (version != _dataVersion)
        {
            _dataVersion = version;
            ThreadPool.UnsafeQueueUserWorkItem(static tell => tell(), _othersWrote, preferLocal: false);
        }
    }
}
