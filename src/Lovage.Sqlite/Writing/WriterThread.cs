using System.Diagnostics.CodeAnalysis;
using Lovage.Sqlite.Files;
using Lovage.Sqlite.Life;
using Lovage.Sqlite.Native;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// The thread that does every write and every checkpoint of this storage. Each turn carries out all that waits in one
/// transaction; between two turns the thread looks whether other processes have written.
/// </summary>
internal sealed class WriterThread(
    string path, WriterTerms terms, Func<SqliteConnection, WriteSession> makeSession, Action othersWrote)
{
    private const int GraceMilliseconds = 2;
    private const int SettleDownMilliseconds = 1_000;

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly WriteLines _lines = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly BusyWait _busy = new(TimeProvider.System);
    private volatile Turnstile? _turnstile;
    private long _dataVersion;

    /// <summary>True while the thread is there to write.</summary>
    internal bool IsWorking => _opened.Task.IsCompletedSuccessfully && !_closed.Task.IsCompleted;

    /// <summary>For how long other programs have kept it from writing; zero while none does.</summary>
    internal TimeSpan BlockedFor => _busy.BlockedFor;

    internal Task OpenAsync()
    {
        new Thread(Work) { IsBackground = true, Name = "lovage-sqlite-writer" }.UnsafeStart();
        return _opened.Task;
    }

    internal void Add(WriteOperation operation) => _lines.Add(operation);

    /// <summary>Another process may have written: looks, unless the thread looks anyway.</summary>
    internal void Poke() => _lines.Poke();

    /// <summary>Tells all processes, this one too, that something may have been committed.</summary>
    [SuppressMessage(
        "Design", "CA1031", Justification = "Only a hint is missed: every listener also looks by itself.")]
    internal void Signal()
    {
        try
        {
            _turnstile?.Signal();
        }
        catch (Exception)
        {
            // The storage closes at this moment, or the disk is full.
        }
    }

    /// <summary>Finishes what waits, writes a last checkpoint and closes.</summary>
    /// <remarks>
    /// When another process holds the lock and stands still, this one leaves the file to the system: what was confirmed
    /// is not lost by that.
    /// </remarks>
    internal async Task CloseAsync()
    {
        _lines.Close();
        await Task.WhenAny(_closed.Task, Task.Delay(CloseLimit, TimeProvider.System));
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "A fault must reach those who wait for the thread, whatever it is.")]
    private void Work()
    {
        SqliteConnection? connection = null;
        Turnstile? turnstile = null;
        Turn? turn = null;
        try
        {
            DatabaseFile.CheckPlace(path);
            _turnstile = turnstile = new Turnstile(path);
            connection = WriterConnection.Open(path, turnstile, _busy, terms);
            var session = makeSession(connection);
            turn = new Turn(session, turnstile, terms.IsFull);
            _dataVersion = session.DataVersion;
            _opened.SetResult();
            while (WaitForWork(session, turn))
            {
                turn.Run();
                if (_lines.TakeLoan() is { } loan)
                {
                    turn.Lend(loan);
                }

                LookAtOthers(session);
            }
        }
        catch (Exception fault)
        {
            Fail(turn, fault);
        }

        Close(connection, turnstile);
    }

    /// <summary>Fills the turn. False when it is time to close.</summary>
    private bool WaitForWork(WriteSession session, Turn turn)
    {
        while (!_lines.TryFill(turn.Calls))
        {
            if (_lines.IsFinished)
            {
                return false;
            }

            if (_lines.WaitBriefly(GraceMilliseconds))
            {
                continue;
            }

            LookAtOthers(session);
            if (_lines.WaitLong(turn.IsLogDirty ? SettleDownMilliseconds : null))
            {
                LookAtOthers(session);
            }
            else
            {
                turn.SettleDown();
            }
        }

        return true;
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
            // Only a hint is missed: every listener also looks by itself now and then.
            return;
        }

        if (version != _dataVersion)
        {
            _dataVersion = version;
            ThreadPool.UnsafeQueueUserWorkItem(static tell => tell(), othersWrote, preferLocal: false);
        }
    }

    private void Fail(Turn? turn, Exception fault)
    {
        if (_opened.TrySetException(fault))
        {
            _ = _opened.Task.Exception;
        }

        foreach (var call in turn?.Calls ?? [])
        {
            call.Fail(fault);
        }

        _lines.FailAll(fault);
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "Closing goes on to its end, whatever fails on the way; the log is recovered at the next "
            + "opening.")]
    private void Close(SqliteConnection? connection, Turnstile? turnstile)
    {
        try
        {
            if (connection is not null && turnstile is not null)
            {
                turnstile.Enter();
                _ = connection.Checkpoint();
                connection.Dispose();
                turnstile.Exit();
            }
        }
        catch (Exception)
        {
            connection?.Dispose();
        }

        _turnstile = null;
        turnstile?.Dispose();
        _busy.Detach();
        _closed.TrySetResult();
    }
}
