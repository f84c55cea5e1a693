using System.Diagnostics.CodeAnalysis;
using Lovage.Sqlite.Files;
using Lovage.Sqlite.Native;

namespace Lovage.Sqlite.Writing;

/// <content>How operations end, and the writer with them.</content>
internal sealed partial class Writer
{
    private static void Complete(List<WriteOperation> operations)
    {
        foreach (var operation in operations)
        {
            operation.Complete();
        }
    }

    private void FailTurn(Exception fault)
    {
        foreach (var operation in _turn)
        {
            operation.Fail(fault);
        }

        _turn.Clear();
    }

    private void FailAll(Exception fault)
    {
        if (_opened.TrySetException(fault))
        {
            _ = _opened.Task.Exception;
        }

        lock (_gate)
        {
            _isClosing = true;
            while (TryFillTurn())
            {
                _turn.AddRange(_loans);
                _loans.Clear();
                FailTurn(fault);
            }
        }
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

        turnstile?.Dispose();
        _closed.TrySetResult();
    }
}
