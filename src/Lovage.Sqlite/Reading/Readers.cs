using System.Collections.Concurrent;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;

namespace Lovage.Sqlite.Reading;

/// <summary>Connections that can only read, one for each thread that reads at the same time; a few are kept.</summary>
internal sealed class Readers(string path, Words words) : IDisposable
{
    private const int KeptMax = 8;
    private readonly ConcurrentBag<Reader> _idle = [];
    private volatile bool _isClosed;

    /// <summary>Reads in one snapshot.</summary>
    internal T Read<T>(Func<Reader, T> read)
    {
        if (_isClosed)
        {
            throw new StorageException("The SQLite storage is closed.", isTransient: false);
        }

        if (!_idle.TryTake(out var reader))
        {
            reader = new Reader(path, words);
        }

        T result;
        try
        {
            result = reader.InSnapshot(read);
        }
        catch
        {
            // What it was doing is unknown: a statement left open would hold its snapshot, and the log with it.
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
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    internal Reader(string path, Words words)
    {
        Connection = SqliteConnection.OpenReader(path);
        Connection.Execute("PRAGMA busy_timeout = 5000");
        Connection.Execute("PRAGMA query_only = ON");
        Connection.Execute("PRAGMA trusted_schema = OFF");
        Connection.Execute("PRAGMA wal_autocheckpoint = 0");
        Words = new WordReader(Connection, words);
    }

    internal SqliteConnection Connection { get; }

    internal WordReader Words { get; }

    internal SqliteStatement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            _statements.Add(sql, statement = Connection.Prepare(sql));
        }

        return statement;
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
        }
    }

    public void Dispose() => Connection.Dispose();
}
