using Lovage.Protocol;
using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Reading;

/// <summary>Looks at queues, claims and counters.</summary>
internal static class QueueReading
{
    /// <summary>?1 now. A row comes back when a delayed job is due.</summary>
    private const string SelectHasDue = """
        SELECT 1 FROM lovage_queue q WHERE q.delayed > 0
          AND EXISTS (SELECT 1 FROM lovage_delayed d WHERE d.queue = q.id AND d.due <= ?1) LIMIT 1
        """;

    /// <summary>?1 queue, ?2 the lane of orphans. A row comes back when the queue has one and is not paused.</summary>
    private const string SelectHasOrphan = """
        SELECT 1 FROM lovage_ready r WHERE r.queue = ?1 AND r.lane = ?2 AND NOT EXISTS (
          SELECT 1 FROM lovage_queue q WHERE q.id = ?1 AND q.pause_reason IS NOT NULL) LIMIT 1
        """;

    /// <summary>?1 queue, ?2 lane, ?3 priority. Comes back: since when the first job of that line is ready.</summary>
    private const string SelectFirstReady = """
        SELECT ifnull(r.ready_at, m.enqueued_at) FROM lovage_ready r CROSS JOIN lovage_message m ON m.key = r.job
        WHERE r.queue = ?1 AND r.lane = ?2 AND r.priority = ?3 ORDER BY r.seq LIMIT 1
        """;

    internal static IReadOnlyList<string> Owners(Reader reader)
    {
        var owners = new List<string>();
        var row = reader.Statement("SELECT DISTINCT owner FROM lovage_claim");
        while (row.Read())
        {
            owners.Add(reader.Words.Text(row.Int64(0)));
        }

        return owners;
    }

    internal static bool HasDue(Reader reader, long now)
    {
        var row = reader.Statement(SelectHasDue).Bind(1, now);
        var found = row.Read();
        row.Reset();
        return found;
    }

    /// <summary>True when one of the queues that are not paused has an orphan.</summary>
    internal static bool HasOrphan(Reader reader, IReadOnlyList<string> queues)
    {
        var row = reader.Statement(SelectHasOrphan);
        for (var i = 0; i < queues.Count; i++)
        {
            if (reader.Words.Find(queues[i]) is { } queue)
            {
                var found = row.Bind(1, queue).Bind(2, Tables.OrphanLane).Read();
                row.Reset();
                if (found)
                {
                    return true;
                }
            }
        }

        return false;
    }

    internal static IReadOnlyList<QueueStatus> Queues(Reader reader, long now)
    {
        var queues = new List<QueueStatus>();
        var row = reader.Statement("SELECT id, ready, delayed, claimed, pause_reason FROM lovage_queue");
        while (row.Read())
        {
            var oldest = row.Int64(1) > 0 ? OldestReady(reader, row.Int64(0)) : null;
            TimeSpan? age = oldest is { } at ? TimeSpan.FromTicks(Math.Max(0, now - at)) : null;
            queues.Add(new QueueStatus(
                reader.Words.Text(row.Int64(0)),
                row.Int64(1),
                row.Int64(2),
                row.Int64(3),
                age,
                !row.IsNull(4),
                row.TextOrNull(4)));
        }

        queues.Sort(static (a, b) => string.CompareOrdinal(a.Queue, b.Queue));
        return queues;
    }

    internal static IReadOnlyList<JobMessage> Peek(Reader reader, string queue, int max)
    {
        var messages = new List<JobMessage>();
        if (reader.Words.Find(queue) is not { } id)
        {
            return messages;
        }

        for (var lane = Tables.OrphanLane; lane <= Tables.OrdinaryLane && messages.Count < max; lane++)
        {
            var row = reader.Statement(Sql.SelectReady).Bind(1, id).Bind(2, lane).Bind(3, max - messages.Count);
            while (row.Read())
            {
                var retries = row.Int64(MessageColumns.Count + 4) != 0
                    ? Retries(reader, row.Int64(MessageColumns.Count + 2))
                    : null;
                messages.Add(MessageColumns.Read(reader.Row(row), 0, retries));
            }
        }

        return messages;
    }

    internal static IReadOnlyList<JobCounter> Counters(Reader reader)
    {
        var counters = new List<JobCounter>();
        var row = reader.Statement(Sql.SelectCounters);
        while (row.Read())
        {
            counters.Add(new JobCounter
            {
                Queue = reader.Words.Text(row.Int64(0)),
                Name = reader.Words.Text(row.Int64(1)),
                Enqueued = row.Int64(2),
                Succeeded = row.Int64(3),
                Failed = row.Int64(4),
                Retried = row.Int64(5),
                Cancelled = row.Int64(6),
                Expired = row.Int64(7),
                Dead = row.Int64(8),
            });
        }

        return counters;
    }

    private static int? Retries(Reader reader, long job)
    {
        var row = reader.Statement(Sql.SelectCourse).Bind(1, job);
        var retries = row.Read() ? (int?)row.Int64OrNull(1) : null;
        row.Reset();
        return retries;
    }

    /// <summary>The head of each line of the queue is the oldest of its line.</summary>
    private static long? OldestReady(Reader reader, long queue)
    {
        var row = reader.Statement(SelectFirstReady);
        long? oldest = null;
        for (var lane = Tables.OrphanLane; lane <= Tables.OrdinaryLane; lane++)
        {
            for (var priority = 0; priority <= Tables.PriorityMax; priority++)
            {
                if (row.Bind(1, queue).Bind(2, lane).Bind(3, priority).Read())
                {
                    oldest = Math.Min(row.Int64(0), oldest ?? long.MaxValue);
                }

                row.Reset();
            }
        }

        return oldest;
    }
}
