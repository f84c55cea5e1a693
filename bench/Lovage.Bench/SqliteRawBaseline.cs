using Lovage.Protocol;
using Lovage.Sqlite.Life;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;
using Lovage.Storage;
using Lovage.Storage.Plans;

namespace Lovage.Bench;

/// <summary>
/// The benchmark's measure: the same rows by the same statements over one prepared connection. It has no thread, no
/// queue, no lock between processes and no objects of the seams. It needs a file that a SqliteStorage has made and
/// closed.
/// </summary>
internal sealed class SqliteRawBaseline : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private readonly WordWriter _words;
    private readonly Tally _tally;
    private readonly BlockWriter _blocks;
    private readonly StorageClock _clock;
    private long _ticket;
    private long _ended;
    private long _hour;

    internal SqliteRawBaseline(string path, TimeProvider time, bool isFull = true)
    {
        _connection = SqliteConnection.OpenWriter(path);
        _connection.Execute("PRAGMA cache_size = -16000");
        _connection.Execute("PRAGMA temp_store = MEMORY");
        _connection.Execute("PRAGMA wal_autocheckpoint = 6000");
        _connection.Execute(isFull ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        _words = new WordWriter(_connection, new Words());
        _tally = new Tally(_connection);
        _blocks = new BlockWriter(_connection);
        _clock = new StorageClock(time, bootId: null);
    }

    /// <summary>Stores messages, ready at once, in one transaction.</summary>
    internal void Publish(IReadOnlyList<JobMessage> messages)
    {
        Begin();
        var (job, ready) = (Get(Sql.InsertMessage), Get(Sql.InsertReady));
        var now = _clock.Now;
        for (var i = 0; i < messages.Count; i++)
        {
            var (name, queue, key) = (_words.Id(messages[i].Name), _words.Id(messages[i].Queue), ++_ticket);
            MessageRow.Bind(
                job.Bind(1, key),
                messages[i],
                name,
                queue,
                now,
                messages[i].Origin is { } origin ? _words.Id(origin) : null);
            job.Run();
            ready.Bind(1, queue).Bind(2, 1).Bind(3, messages[i].Priority).Bind(4, key).Bind(5, key).Bind(7, 0).Run();
            _blocks.Note(BlockKind.Name, key, name);
            _blocks.Note(BlockKind.Queue, key, queue);
            _tally.Queue(queue).Ready++;
            _tally.Job(queue, name).Enqueued++;
        }

        Commit();
    }

    /// <summary>Claims jobs in one transaction and settles them as succeeded in another.</summary>
    /// <returns>How many jobs it was.</returns>
    internal int Drain(string queueName, string worker, int max)
    {
        var keys = Claim(queueName, worker, max);
        if (keys.Count > 0)
        {
            Settle(keys, worker);
        }

        return keys.Count;
    }

    public void Dispose() => _connection.Dispose();

    private List<long> Claim(string queueName, string worker, int max)
    {
        Begin();
        var (queue, owner) = (_words.Id(queueName), _words.Id(worker));
        var until = _clock.Monotonic + TimeSpan.FromSeconds(30).Ticks;
        var row = Get(Sql.SelectReady).Bind(1, queue).Bind(2, 1).Bind(3, max);
        var claim = Get(Sql.InsertClaim);
        var keys = new List<long>(max);
        var (priority, seq) = (0L, 0L);
        while (row.Read())
        {
            (priority, seq) = (row.Int64(MessageColumns.Count), row.Int64(MessageColumns.Count + 1));
            var key = row.Int64(MessageColumns.Count + 2);
            claim.Bind(1, key).Bind(2, ++_ticket).Bind(3, owner).Bind(4, owner).Bind(5, until).Bind(6, 1).Bind(7, seq)
                .Bind(9, 0).Bind(10, row.Int64(1)).Bind(11, queue).Bind(12, priority).Bind(13, row.Int64(5))
                .Bind(14, row.Text(0)).Run();
            keys.Add(key);
        }

        if (keys.Count > 0)
        {
            Get(Sql.DeleteReadyUpTo).Bind(1, queue).Bind(2, 1).Bind(3, priority).Bind(4, seq).Run();
            _tally.Queue(queue).Ready -= keys.Count;
            _tally.Queue(queue).Claimed += keys.Count;
        }

        Commit();
        return keys;
    }

    private void Settle(List<long> keys, string worker)
    {
        Begin();
        var (find, delete, course) = (Get(Sql.SelectClaim), Get(Sql.DeleteClaim), Get(Sql.WriteAttempt));
        var (owner, now) = (_words.Id(worker), _clock.Now);
        foreach (var key in keys)
        {
            find.Bind(1, key).Read();
            var (stamp, name, queue) = (find.Int64(0), find.Int64(12), find.Int64(13));
            find.Reset();
            delete.Bind(1, key).Run();
            _blocks.Note(BlockKind.Worker, key, owner);
            course.Bind(1, key)
                .Bind(2, (long)JobState.Succeeded)
                .Bind(5, 0)
                .Bind(6, 1)
                .Bind(7, 1)
                .Bind(8, (long)AttemptEnd.Succeeded)
                .Bind(9, now)
                .Bind(10, 0)
                .Bind(11, owner)
                .Bind(12, stamp)
                .Bind(13, (long)JobState.Succeeded)
                .Bind(14, now)
                .BindSome(15, "null"u8)
                .Bind(21, 0)
                .Run();
            _tally.Job(queue, name).Add(new AttemptMeasures(TimeSpan.Zero, TimeSpan.Zero, Fingerprint: null));
            _tally.Queue(queue).Claimed--;
            _tally.Job(queue, name).AddEnd(JobState.Succeeded);
            _ended++;
        }

        Commit();
    }

    private void Begin()
    {
        Get(Sql.Begin).Run();
        var meta = Get(Sql.ReadMeta);
        meta.Read();
        (_ticket, _ended, _hour) = (meta.Int64(0), meta.Int64(1), meta.Int64(2));
        meta.Reset();
    }

    private void Commit()
    {
        _tally.Write(_clock.Now, _hour);
        Get(Sql.WriteMeta).Bind(1, _ticket).Bind(2, _ended).Bind(3, _hour).Run();
        Get(Sql.Commit).Run();
        _words.Committed();
        _blocks.Committed();
    }

    private SqliteStatement Get(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            _statements.Add(sql, statement = _connection.Prepare(sql));
        }

        return statement;
    }
}
