using System.Collections.Concurrent;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;

namespace Lovage.Sqlite.Reading;

/// <summary>
/// Connections that can only read, one for each thread that reads at the same time; a few are kept. Made before the
/// storage is opened, so that the parts of the storage can hold it.
/// </summary>
/// <remarks>Safe for use by several threads once opened.</remarks>
internal sealed class Readers(Words words) : IDisposable
{
    private const int KeptMax = 8;
    private readonly ConcurrentBag<Reader> _idle = [];
    private volatile string? _path;
    private volatile bool _isClosed;

    /// <summary>Says which file is read; it exists.</summary>
    internal void Open(string path) => _path = path;

    /// <summary>Reads in one snapshot.</summary>
    internal T Read<T>(Func<Reader, T> read) => With(reader => reader.InSnapshot(read));

    /// <summary>Reads in one snapshot, on the caller's thread, as a call of the storage's seams.</summary>
    internal ValueTask<T> ReadAsync<T>(Func<Reader, T> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(Read(read));
    }

    /// <summary>Reads with single statements, each of which sees what is committed just then.</summary>
    internal T With<T>(Func<Reader, T> read)
    {
        if (_isClosed)
        {
            throw new StorageException("The SQLite storage is closed.", isTransient: false);
        }

        var path = _path ?? throw new StorageException("The SQLite storage was not opened.", isTransient: false);
        if (!_idle.TryTake(out var reader))
        {
            reader = new Reader(path, words);
        }

        T result;
        try
        {
            result = read(reader);
        }
        catch
        {
            // A statement may still be open: it would hold its snapshot, and the log with it.
            reader.Dispose();
            throw;
        }

        if (_isClosed || _idle.Count >= KeptMax)
        {
            reader.Dispose();
        }
        else
        {
            _idle.Add(reader);
        }

        return result;
    }

    public void Dispose()
    {
        _isClosed = true;
        while (_idle.TryTake(out var reader))
        {
            reader.Dispose();
        }
    }
}

/// <summary>A connection that can only read, with its statements.</summary>
internal sealed class Reader : IDisposable
{
    private const int StatementsMax = 300;

    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private readonly SqliteRow _row;

    internal Reader(string path, Words words)
    {
        Connection = SqliteConnection.OpenReader(path);
        Connection.Execute("PRAGMA busy_timeout = 5000");
        Connection.Execute("PRAGMA query_only = ON");
        Connection.Execute("PRAGMA trusted_schema = OFF");
        Connection.Execute("PRAGMA wal_autocheckpoint = 0");
        Words = new WordReader(Connection, words);
        _row = new SqliteRow(Words);
    }

    internal SqliteConnection Connection { get; }

    internal WordReader Words { get; }

    /// <summary>The current row of a statement, for the mappers of the core.</summary>
    internal SqliteRow Row(SqliteStatement statement) => _row.Of(statement);

    internal SqliteStatement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            _statements.Add(sql, statement = Connection.Prepare(sql));
        }

        return statement;
    }

    /// <summary>The number of a word; null for null.</summary>
    /// <returns>False when no row has ever held the word.</returns>
    internal bool TryWord(string? text, out long? word)
    {
        word = text is null ? null : Words.Find(text);
        return text is null == word is null;
    }

    internal T InSnapshot<T>(Func<Reader, T> read)
    {
        Statement("BEGIN").Run();
        try
        {
            return read(this);
        }
        finally
        {
            Statement("COMMIT").Run();
            DropStatements();
        }
    }

    public void Dispose() => Connection.Dispose();

    /// <summary>Filters can be combined in so many ways that not every statement is kept.</summary>
    private void DropStatements()
    {
        if (_statements.Count <= StatementsMax)
        {
            return;
        }

        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
    }
}
