using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;

namespace Lovage.Sqlite.Life;

/// <summary>
/// The writer's connection with its prepared statements, its transactions, and what one of them counts. Belongs to the
/// writer's thread.
/// </summary>
internal sealed class WriteSession
{
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;
    private readonly SqliteStatement _readMeta;
    private readonly SqliteStatement _writeMeta;
    private readonly SqliteStatement _dataVersion;
    private readonly StorageClock _clock;
    private readonly Dictionary<string, SqliteStatement> _others = new(ReferenceEqualityComparer.Instance);
    private long _ticket;
    private long _ended;
    private long _hour;
    private (long Ticket, long Ended, long Hour) _stored;

    internal WriteSession(SqliteConnection connection, Words words, StorageClock clock)
    {
        Connection = connection;
        _clock = clock;
        Words = new WordWriter(connection, words);
        Row = new SqliteRow(Words);
        Tally = new Tally(connection);
        Blocks = new BlockWriter(connection);
        _begin = connection.Prepare(Sql.Begin);
        _commit = connection.Prepare(Sql.Commit);
        _rollback = connection.Prepare(Sql.Rollback);
        _readMeta = connection.Prepare(Sql.ReadMeta);
        _writeMeta = connection.Prepare(Sql.WriteMeta);
        _dataVersion = connection.Prepare("PRAGMA data_version");
        Find = new JobFinder(this);
        Life = new JobLife(this);
    }

    internal SqliteConnection Connection { get; }

    internal WordWriter Words { get; }

    /// <summary>Reads rows of this connection for the mappers of the core.</summary>
    internal SqliteRow Row { get; }

    internal Tally Tally { get; }

    internal BlockWriter Blocks { get; }

    internal JobFinder Find { get; }

    internal JobLife Life { get; }

    /// <summary>The wall clock, read once a transaction so that all of it bears one time.</summary>
    internal long Now { get; private set; }

    /// <summary>The monotonic clock, read together with <see cref="Now"/>.</summary>
    internal long Monotonic { get; private set; }

    /// <summary>The boot within which <see cref="Monotonic"/> counts.</summary>
    internal string Boot => _clock.Boot;

    /// <summary>Ended jobs that are kept.</summary>
    internal long Ended => _ended;

    /// <summary>
    /// Changes when, and only when, another process (or another storage of this one) has committed something.
    /// </summary>
    internal long DataVersion
    {
        get
        {
            _dataVersion.Read();
            var version = _dataVersion.Int64(0);
            _dataVersion.Reset();
            return version;
        }
    }

    /// <summary>A statement that is prepared at its first use.</summary>
    /// <param name="sql">A constant, or a static field: it is found by its place in memory, which is quicker than by
    /// its text.</param>
    internal SqliteStatement Statement(string sql)
    {
        if (!_others.TryGetValue(sql, out var statement))
        {
            _others.Add(sql, statement = Connection.Prepare(sql));
        }

        return statement;
    }

    internal void ReadClocks()
    {
        Now = _clock.Now;
        Monotonic = _clock.Monotonic;
    }

    internal void Begin()
    {
        _begin.Run();
        Connection.EndWait();
        ReadStored();
    }

    internal void Commit()
    {
        WriteStored();
        _commit.Run();
        Words.Committed();
        Blocks.Committed();
    }

    internal void RollBack()
    {
        Tally.Clear();
        Words.RolledBack();
        Blocks.RolledBack();
        Connection.ResetStatements();
        if (Connection.InTransaction)
        {
            _rollback.Run();
        }
    }

    /// <summary>
    /// Carries out an operation in a transaction that the app has begun and ends, as a whole or not at all.
    /// </summary>
    /// <remarks>
    /// The session remembers nothing from one operation to the next, neither counters nor the numbers of new words nor
    /// blocks: the app may undo an operation by a savepoint of its own.
    /// </remarks>
    internal void RunInside(Action<WriteSession> operation)
    {
        Connection.Execute("SAVEPOINT lovage");
        try
        {
            ReadStored();
            operation(this);
            WriteStored();
            Connection.Execute("RELEASE lovage");
        }
        catch
        {
            Tally.Clear();
            Connection.ResetStatements();
            if (Connection.InTransaction)
            {
                Connection.Execute("ROLLBACK TO lovage");
                Connection.Execute("RELEASE lovage");
            }

            throw;
        }
        finally
        {
            Words.RolledBack();
            Blocks.RolledBack();
        }
    }

    /// <summary>A number greater than all before: a key, a place at the back of a queue, or a stamp.</summary>
    internal long NextTicket() => ++_ticket;

    /// <summary>The number that <see cref="NextTicket"/> gives next.</summary>
    internal long PeekTicket() => _ticket + 1;

    /// <summary>
    /// Counts jobs that have ended, or with a negative number those that are no longer kept as ended.
    /// </summary>
    internal void AddEnded(long count) => _ended += count;

    private void ReadStored()
    {
        _readMeta.Read();
        _stored = (_readMeta.Int64(0), _readMeta.Int64(1), _readMeta.Int64(2));
        _readMeta.Reset();
        (_ticket, _ended, _hour) = _stored;
        ReadClocks();

        // The counters take an hour over when it has ended, so that a transaction counts in one table.
        var hour = Tables.HourOf(Now);
        if (hour > _hour)
        {
            Tally.CountHours(_hour, hour);
            _hour = hour;
        }
    }

    private void WriteStored()
    {
        Tally.Write(Now, _hour);
        if (_stored != (_ticket, _ended, _hour))
        {
            _writeMeta.Bind(1, _ticket).Bind(2, _ended).Bind(3, _hour).Run();
        }
    }
}
