using System.Diagnostics.CodeAnalysis;
using Lovage.Sqlite.Files;
using Lovage.Sqlite.Life;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// Carries out the calls of one turn in one transaction, and answers them once it is on disk. When one of them is at
/// fault, each runs by itself, so that only that one fails. Belongs to the writer's thread.
/// </summary>
internal sealed class Turn(WriteSession session, Turnstile turnstile, bool isFull)
{
    private readonly Checkpoints _checkpoints = new();
    private readonly List<WriteOperation> _calls = [];
    private bool _hasBegun;

    // Null as long as it is as the connection was opened.
    private bool? _flushes;

    /// <summary>True when the log holds what must last and the database does not have yet.</summary>
    /// <remarks>
    /// Renewals and beats alone never make it so: bringing the log to the database flushes the disk, and these come for
    /// ever while nothing else happens.
    /// </remarks>
    internal bool IsLogDirty { get; private set; }

    /// <summary>The calls of this turn, for who fills it.</summary>
    internal List<WriteOperation> Calls => _calls;

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "Whatever goes wrong belongs to the callers of this turn; the thread goes on.")]
    internal void Run()
    {
        try
        {
            CompleteVain();
        }
        catch (Exception fault)
        {
            RollBack();
            Fail(fault);
            return;
        }

        if (_calls.Count == 0)
        {
            return;
        }

        try
        {
            turnstile.Enter();
        }
        catch (StorageException fault)
        {
            Fail(fault);
            return;
        }

        try
        {
            _calls.RemoveAll(static call => !call.TryTake());
            CarryOut();
            if (_calls.Exists(static call => call.WakesOthers))
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
            Fail(fault);
        }
        finally
        {
            turnstile.Exit();
        }
    }

    /// <summary>Carries out a loan: the app's transaction, outside of every turn.</summary>
    [SuppressMessage(
        "Design", "CA1031", Justification = "Whatever goes wrong belongs to the one who asked; the thread goes on.")]
    internal void Lend(WriteOperation loan)
    {
        try
        {
            turnstile.Enter();
            try
            {
                session.Connection.RefuseMoved();
                IsLogDirty = true;
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

    /// <summary>Moves the log to the database when nothing else is to be done.</summary>
    internal void SettleDown()
    {
        _checkpoints.Run(session, turnstile);
        IsLogDirty = false;
    }

    /// <summary>Answers calls that have nothing to write, without a transaction.</summary>
    private void CompleteVain()
    {
        List<WriteOperation>? vain = null;
        for (var i = 0; i < _calls.Count; i++)
        {
            if (!_calls[i].HasWork(session))
            {
                (vain ??= []).Add(_calls[i]);
            }
        }

        foreach (var call in vain ?? [])
        {
            _calls.Remove(call);
            if (call.TryTake())
            {
                call.Complete();
            }
        }
    }

    private void CarryOut()
    {
        if (_calls.Count == 0)
        {
            return;
        }

        session.Connection.RefuseMoved();
        IsLogDirty |= _calls.Exists(static call => call.IsDurable);
        if (TryRun(_calls) is not { } fault)
        {
            foreach (var call in _calls)
            {
                call.Complete();
            }

            return;
        }

        if (_calls.Count == 1 || !_hasBegun)
        {
            Fail(fault);
            return;
        }

        foreach (var call in _calls)
        {
            if (TryRun([call]) is { } own)
            {
                call.Fail(own);
            }
            else
            {
                call.Complete();
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The fault is handed to the caller of the operation.")]
    private Exception? TryRun(List<WriteOperation> calls)
    {
        _hasBegun = false;
        try
        {
            Flush(isFull && calls.Exists(static call => call.IsDurable));
            session.Begin();
            _hasBegun = true;
            foreach (var call in calls)
            {
                call.Run(session);
            }

            session.Commit();
            return null;
        }
        catch (Exception fault)
        {
            RollBack();
            return fault;
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "What made the rollback necessary is what the callers are told; a transaction that is still "
            + "open fails the next turn too.")]
    private void RollBack()
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
    /// Decides whether the next commit waits for the disk. One that does brings all before it to the disk too: they
    /// stand in front of it in the log.
    /// </summary>
    private void Flush(bool flushes)
    {
        if ((_flushes ?? isFull) != flushes)
        {
            session.Connection.Execute(
                flushes ? WriterConnection.SynchronousFull : WriterConnection.SynchronousNormal);
            _flushes = flushes;
        }
    }

    private void Fail(Exception fault)
    {
        foreach (var call in _calls)
        {
            call.Fail(fault);
        }

        _calls.Clear();
    }
}
