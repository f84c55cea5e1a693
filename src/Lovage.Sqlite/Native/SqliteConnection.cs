using System.Runtime.InteropServices;
using System.Text;

namespace Lovage.Sqlite.Native;

/// <summary>One connection. Not safe for use by several threads at once.</summary>
internal sealed unsafe class SqliteConnection : IDisposable
{
    private readonly List<SqliteStatement> _statements = [];
    private readonly string _path;
    private nint _handle;
    private int* _frames;
    private BusyWait? _busy;

    private readonly bool _isBorrowed;

    private SqliteConnection(nint handle, string path, bool isBorrowed = false)
    {
        _handle = handle;
        _path = path;
        _isBorrowed = isBorrowed;
    }

    internal nint Handle => _handle;

    /// <summary>
    /// Frames in the WAL after this connection's last commit; only for a connection that asked for it.
    /// </summary>
    internal int WalFrames => _frames is null ? 0 : *_frames;

    internal bool InTransaction => SqliteNative.IsAutocommit(_handle) == 0;

    /// <summary>True in a transaction that keeps all other writers out.</summary>
    internal bool HoldsWriteLock =>
        SqliteNative.TransactionState(_handle, "main") == SqliteNative.TransactionWrites;

    /// <summary>Rows that the last statement changed.</summary>
    internal int Changes => SqliteNative.Changes(_handle);

    /// <summary>True when the path no longer leads to the open file.</summary>
    internal bool HasMoved =>
        SqliteNative.FileControl(_handle, 0, SqliteNative.FileHasMoved, out var moved) == SqliteNative.Ok && moved != 0;

    /// <exception cref="StorageException">The path no longer leads to the open file.</exception>
    internal void RefuseMoved()
    {
        if (HasMoved)
        {
            throw new StorageException(
                $"The SQLite file '{_path}' was moved, deleted or replaced while it was in use. Put it back and start "
                    + "the application again.",
                isTransient: false);
        }
    }

    internal static SqliteConnection OpenWriter(string path)
    {
        var connection = Open(path, SqliteNative.OpenReadWrite | SqliteNative.OpenCreate);
        connection._frames = (int*)NativeMemory.AllocZeroed(sizeof(int));
        return connection;
    }

    /// <summary>
    /// Has the length of the WAL told after each commit. Takes the place of SQLite's own checkpoints, which use the
    /// same hook.
    /// </summary>
    internal void WatchLog() => _ = SqliteNative.WalHook(_handle, &SqliteNative.KeepFrames, _frames);

    /// <summary>Has the connection wait by this object for locks of other programs.</summary>
    internal void WaitBy(BusyWait busy)
    {
        _busy = busy;
        busy.Attach(_handle);
    }

    /// <summary>The connection has got the lock for which it may have waited.</summary>
    internal void EndWait() => _busy?.End();

    /// <summary>
    /// A connection that its owner has opened with the same library, and closes after this one is disposed.
    /// </summary>
    internal static SqliteConnection Borrow(nint handle, string path) => new(handle, path, isBorrowed: true);

    internal static SqliteConnection OpenReader(string path) => Open(path, SqliteNative.OpenReadOnly);

    internal SqliteStatement Prepare(string sql)
    {
        var bytes = Encoding.UTF8.GetBytes(sql);
        fixed (byte* text = bytes)
        {
            Check(SqliteNative.Prepare(_handle, text, bytes.Length, SqliteNative.PreparePersistent, out var handle, 0));
            var statement = new SqliteStatement(this, handle);
            _statements.Add(statement);
            return statement;
        }
    }

    /// <summary>Runs one statement and passes over its rows.</summary>
    internal void Execute(string sql) => Scalar(sql);

    /// <summary>Runs one statement; the first column of its first row as a number, 0 when there is none.</summary>
    internal long Scalar(string sql)
    {
        using var statement = Prepare(sql);
        var value = (long?)null;
        while (statement.Read())
        {
            value ??= statement.Int64(0);
        }

        return value ?? 0;
    }

    /// <summary>Runs one statement; the first column of its first row as text.</summary>
    internal string ScalarText(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Read() ? statement.Text(0) : "";
    }

    /// <summary>Moves what it can from the WAL to the database without waiting for other connections.</summary>
    /// <returns>Frames in the WAL, and how many of them are in the database now.</returns>
    internal (int Frames, int Done) Checkpoint()
    {
        var code = SqliteNative.Checkpoint(_handle, 0, SqliteNative.CheckpointPassive, out var frames, out var done);
        if (code != SqliteNative.Ok && (code & 0xFF) != SqliteFault.Busy)
        {
            Check(code);
        }

        return (frames, done);
    }

    internal void Check(int code)
    {
        if (code is not (SqliteNative.Ok or SqliteNative.Row or SqliteNative.Done))
        {
            throw SqliteFault.From(code, SqliteNative.Text(SqliteNative.ErrorMessage(_handle)), _path);
        }
    }

    internal void Forget(SqliteStatement statement) => _statements.Remove(statement);

    /// <summary>
    /// Keeps other threads out of a borrowed connection; false while one is in it. The thread that is in leaves by
    /// <see cref="Leave"/>.
    /// </summary>
    internal bool TryEnter() => SqliteNative.TryEnter(SqliteNative.Mutex(_handle)) == SqliteNative.Ok;

    internal void Leave() => SqliteNative.Leave(SqliteNative.Mutex(_handle));

    /// <summary>
    /// Makes every statement forget what was bound or is still open, after a fault in the midst of its use.
    /// </summary>
    internal void ResetStatements()
    {
        foreach (var statement in _statements)
        {
            statement.Reset();
        }
    }

    public void Dispose()
    {
        if (_handle == 0)
        {
            return;
        }

        foreach (var statement in _statements.ToArray())
        {
            statement.Dispose();
        }

        if (!_isBorrowed)
        {
            _ = SqliteNative.Close(_handle);
        }

        _handle = 0;
        NativeMemory.Free(_frames);
        _frames = null;
    }

    private static SqliteConnection Open(string path, int flags)
    {
        var code = SqliteNative.Open(
            path,
            out var handle,
            flags | SqliteNative.OpenNoMutex | SqliteNative.OpenNoFollow | SqliteNative.OpenExtendedResult,
            0);
        if (code == SqliteNative.Ok)
        {
            // Else SQLite looks at the value of a bound LIMIT while it plans, and so parses and plans the statement
            // again at each use.
            if (!OperatingSystem.IsMacOS() || RuntimeInformation.ProcessArchitecture != Architecture.Arm64)
            {
                _ = SqliteNative.Configure(handle, SqliteNative.ConfigureStablePlans, 1, out _);
            }

            return new SqliteConnection(handle, path);
        }

        var message = handle == 0
            ? SqliteNative.Text(SqliteNative.ErrorText(code))
            : SqliteNative.Text(SqliteNative.ErrorMessage(handle));
        _ = SqliteNative.Close(handle);
        throw SqliteFault.From(code, message, path);
    }
}
