using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;

namespace Lovage.Sqlite.Reading;

/// <summary>Finds bounds among the keys of jobs, which grow with the time of acceptance.</summary>
internal static class KeyReading
{
    private const string SelectNewest = "SELECT ifnull(max(key), 0) FROM lovage_message";
    private const string SelectNext =
        "SELECT key, enqueued_at FROM lovage_message WHERE key >= ?1 ORDER BY key LIMIT 1";

    /// <summary>Comes back: jobs that could run now or are claimed.</summary>
    private const string SelectLive = "SELECT ifnull(sum(ready + claimed), 0) FROM lovage_queue";

    /// <summary>A key below which every job was accepted before an instant, and from which on none was.</summary>
    /// <remarks>Where the wall clock was set back, jobs around that moment may stand on the wrong side.</remarks>
    internal static long FirstSince(Reader reader, long at)
    {
        var (low, high) = (0L, Scalar(reader, SelectNewest) + 1);
        var next = reader.Statement(SelectNext);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var isBefore = next.Bind(1, middle).Read() && next.Int64(1) < at;
            (low, high) = isBefore ? (next.Int64(0) + 1, high) : (low, middle);
            next.Reset();
        }

        return low;
    }

    internal static long CountLive(Reader reader) => Scalar(reader, SelectLive);

    /// <summary>
    /// No job with a greater key is queued or running, so that a look for those skips a long history of ended ones.
    /// </summary>
    internal static long NewestLive(Reader reader)
    {
        var newest = Scalar(
            reader,
            "SELECT max(ifnull((SELECT max(job) FROM lovage_claim), 0), ifnull((SELECT max(job) FROM lovage_course "
                + "WHERE state = ?1), 0))",
            (long)JobState.Queued);
        var queues = new List<long>();
        var row = reader.Statement("SELECT id FROM lovage_queue WHERE ready > 0");
        while (row.Read())
        {
            queues.Add(row.Int64(0));
        }

        // A job that became ready at once has its key as its place; any other has a row in "course".
        var last = reader.Statement(
            "SELECT seq FROM lovage_ready WHERE queue = ?1 AND lane = ?2 AND priority = ?3 ORDER BY seq DESC LIMIT 1");
        foreach (var queue in queues)
        {
            for (var priority = 0; priority <= Tables.PriorityMax; priority++)
            {
                newest = Math.Max(newest, Math.Max(
                    Last(last, queue, Tables.OrphanLane, priority), Last(last, queue, Tables.OrdinaryLane, priority)));
            }
        }

        return newest;
    }

    internal static long Scalar(Reader reader, string sql, long? value = null)
    {
        var row = reader.Statement(sql).Bind(1, value);
        row.Read();
        var result = row.Int64(0);
        row.Reset();
        return result;
    }

    private static long Last(SqliteStatement last, long queue, long lane, long priority)
    {
        var seq = last.Bind(1, queue).Bind(2, lane).Bind(3, priority).Read() ? last.Int64(0) : 0;
        last.Reset();
        return seq;
    }
}
