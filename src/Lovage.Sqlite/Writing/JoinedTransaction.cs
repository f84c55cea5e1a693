using Lovage.Sqlite.Life;
using Microsoft.Data.Sqlite;
using NativeConnection = Lovage.Sqlite.Native.SqliteConnection;
using OpenConnection = Microsoft.Data.Sqlite.SqliteConnection;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// A transaction that the app has begun on a connection of its own. Each operation borrows the connection, and leaves
/// no statement behind in it: the app may return it to its pool at any time.
/// </summary>
/// <remarks>The transaction is not kept alive by this object, so that one that the app has forgotten can end.</remarks>
internal sealed class JoinedTransaction(
    SqliteTransaction transaction, string path, Func<NativeConnection, WriteSession> makeSession) : OpenTransaction
{
    private readonly WeakReference<SqliteTransaction> _transaction = new(transaction);

    internal override bool IsOpen => Connection is not null;

    private OpenConnection? Connection =>
        _transaction.TryGetTarget(out var transaction) ? transaction.Connection : null;

    protected override void RunOpen(WriteOperation operation)
    {
        var connection = Connection ?? throw Ended();
        using var native = NativeConnection.Borrow(connection.Handle!.DangerousGetHandle(), path);
        native.RefuseMoved();
        if (!native.HoldsWriteLock)
        {
            throw new InvalidOperationException(
                "The transaction is deferred and has written nothing yet, so that another writer may come first. Begin "
                    + "it with BeginTransaction(deferred: false), the default. Nothing was written.");
        }

        makeSession(native).RunInside(operation.Run);
    }
}
