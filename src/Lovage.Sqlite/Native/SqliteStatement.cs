using System.Buffers;
using System.Text;

namespace Lovage.Sqlite.Native;

/// <summary>
/// One prepared statement. <see cref="Bind(int, long)"/> and its kin fill parameters from 1, <see cref="Read"/> steps,
/// columns count from 0. What was bound is forgotten once the statement has run to its end.
/// </summary>
internal sealed unsafe class SqliteStatement : IDisposable
{
    private const int TypeNull = 5;
    private const int StackMax = 512;

    private readonly SqliteConnection _connection;
    private nint _handle;

    internal SqliteStatement(SqliteConnection connection, nint handle)
    {
        _connection = connection;
        _handle = handle;
    }

    internal SqliteStatement Bind(int index, long value)
    {
        Check(SqliteNative.BindInt64(_handle, index, value));
        return this;
    }

    internal SqliteStatement Bind(int index, long? value) => value is { } number ? Bind(index, number) : this;

    internal SqliteStatement Bind(int index, double? value)
    {
        if (value is { } number)
        {
            Check(SqliteNative.BindDouble(_handle, index, number));
        }

        return this;
    }

    internal SqliteStatement Bind(int index, string? value)
    {
        if (value is null)
        {
            return this;
        }

        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        byte[]? rented = null;
        var buffer = most <= StackMax ? stackalloc byte[StackMax] : (rented = ArrayPool<byte>.Shared.Rent(most));
        var length = Encoding.UTF8.GetBytes(value, buffer);
        fixed (byte* bytes = buffer)
        {
            Check(SqliteNative.BindText(_handle, index, bytes, length, SqliteNative.Transient));
        }

        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return this;
    }

    /// <summary>Binds a blob; an empty one too.</summary>
    internal SqliteStatement BindBlob(int index, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            Check(SqliteNative.BindZeroBlob(_handle, index, 0));
            return this;
        }

        fixed (byte* bytes = value)
        {
            Check(SqliteNative.BindBlob(_handle, index, bytes, value.Length, SqliteNative.Transient));
        }

        return this;
    }

    /// <summary>Binds a blob; an empty one becomes NULL.</summary>
    internal SqliteStatement BindSome(int index, ReadOnlySpan<byte> value) =>
        value.IsEmpty ? this : BindBlob(index, value);

    /// <summary>The next row; false at the end, and then the statement is ready for its next use.</summary>
    internal bool Read()
    {
        var code = SqliteNative.Step(_handle);
        if (code == SqliteNative.Row)
        {
            return true;
        }

        if (code != SqliteNative.Done)
        {
            Fail(code);
        }

        Reset();
        return false;
    }

    /// <summary>Runs to the end.</summary>
    /// <returns>Rows changed by a writing statement.</returns>
    internal int Run()
    {
        while (Read())
        {
        }

        return _connection.Changes;
    }

    internal void Reset()
    {
        _ = SqliteNative.Reset(_handle);
        _ = SqliteNative.ClearBindings(_handle);
    }

    internal bool IsNull(int column) => SqliteNative.ColumnType(_handle, column) == TypeNull;

    internal long Int64(int column) => SqliteNative.ColumnInt64(_handle, column);

    internal int Int32(int column) => (int)SqliteNative.ColumnInt64(_handle, column);

    internal long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    internal double Double(int column) => SqliteNative.ColumnDouble(_handle, column);

    internal double? DoubleOrNull(int column) => IsNull(column) ? null : Double(column);

    internal string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    internal string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    /// <summary>The bytes of a blob or text, valid until the next step.</summary>
    internal ReadOnlySpan<byte> Bytes(int column)
    {
        var data = SqliteNative.ColumnBlob(_handle, column);
        return new(data, SqliteNative.ColumnBytes(_handle, column));
    }

    public void Dispose()
    {
        if (_handle != 0)
        {
            _ = SqliteNative.Finalize(_handle);
            _handle = 0;
            _connection.Forget(this);
        }
    }

    private void Check(int code)
    {
        if (code != SqliteNative.Ok)
        {
            Fail(code);
        }
    }

    private void Fail(int code)
    {
        try
        {
            _connection.Check(code);
        }
        finally
        {
            Reset();
        }
    }
}
