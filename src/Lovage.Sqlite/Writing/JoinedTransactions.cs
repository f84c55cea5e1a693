using System.Runtime.CompilerServices;
using Lovage.Sqlite.Files;
using Lovage.Sqlite.Life;
using Lovage.Storage;
using Microsoft.Data.Sqlite;
using NativeConnection = Lovage.Sqlite.Native.SqliteConnection;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// Finds the transactions of the app that operations have joined, and tells all processes when one has ended.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
/// <param name="file">The storage's file, as the app named it.</param>
/// <param name="makeSession">Makes a session on a connection.</param>
/// <param name="ended">Called, on a thread of the pool, when transactions have ended.</param>
/// <param name="time">Makes the timer.</param>
internal sealed class JoinedTransactions(
    string file, Func<NativeConnection, WriteSession> makeSession, Action ended, TimeProvider time) : IDisposable
{
    /// <summary>Microsoft.Data.Sqlite does not tell of the end of a transaction: a timer looks this often.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(5);

    private readonly ConditionalWeakTable<SqliteTransaction, JoinedTransaction> _joined = [];
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private bool _isDisposed;

    /// <summary>Joined, and open at the last look. The garbage collector may have taken some of them since.</summary>
    private int _open;

    /// <summary>Joins a transaction; null when it is not one of the storage's file.</summary>
    internal JoinedTransaction? Join(SqliteTransaction transaction)
    {
        if (_joined.TryGetValue(transaction, out var known))
        {
            return known;
        }

        if (transaction.Connection is not { } connection)
        {
            throw new InvalidOperationException(
                "The transaction has ended already, so that nothing can be written in it. Enqueue before its commit, "
                    + "or without it.");
        }

        Loan.CheckLibrary();
        var path = DatabaseFile.Resolve(file);
        var name = SQLitePCL.raw.sqlite3_db_filename(connection.Handle, "main").utf8_to_string();
        if (name.Length == 0 || DatabaseFile.Resolve(name) != path)
        {
            return null;
        }

        var joined = new JoinedTransaction(transaction, path, makeSession);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_joined.TryGetValue(transaction, out known))
            {
                return known;
            }

            _joined.Add(transaction, joined);
            _open++;
            _timer ??= time.CreateTimer(
                static state => ((JoinedTransactions)state!).Look(), this, LookInterval, LookInterval);
        }

        return joined;
    }

    /// <summary>True while the end of this claim is written in a transaction that is open.</summary>
    internal bool Holds(LeaseToken token)
    {
        foreach (var (_, joined) in _joined)
        {
            if (joined.Holds(token))
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void Look()
    {
        int gone;
        lock (_lock)
        {
            var open = 0;
            foreach (var (transaction, joined) in _joined)
            {
                if (joined.IsOpen)
                {
                    open++;
                }
                else
                {
                    _joined.Remove(transaction);
                }
            }

            (gone, _open) = (_open - open, open);
            if (open == 0)
            {
                _timer?.Dispose();
                _timer = null;
            }
        }

        if (gone > 0)
        {
            ended();
        }
    }
}
