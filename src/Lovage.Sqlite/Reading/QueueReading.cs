using Lovage.Protocol;
using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Reading;

/// <summary>Looks at queues, claims and counters.</summary>
internal static class QueueReading
{
    private const int PriorityMax = 9;

    internal static IReadOnlyList<string> Owners(Reader reader)
    {
        var owners = new List<string>();
        var row = reader.Statement("SELECT DISTINCT owner FROM claim");
        while (row.Read())
        {
            owners.Add(reader.Words.Text(row.Int64(0)));
        }

        return owners;
    }

    internal static bool HasDue(Reader reader, long now)
    {
        var row = reader.Statement(
            "SELECT 1 FROM queue q WHERE q.delayed > 0 AND EXISTS (SELECT 1 FROM delayed d WHERE d.queue = q.id AND "
                + "d.due <= ?1) LIMIT 1")
            .Bind(1, now);
        var found = row.Read();
        row.Reset();
        return found;
    }

    internal static IReadOnlyList<QueueStatus> Queues(Reader reader, long now)
    {
        var queues = new List<QueueStatus>();
        var row = reader.Statement("SELECT id, ready, delayed, claimed, pause_reason FROM queue");
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

        for (var lane = 0; lane <= 1 && messages.Count < max; lane++)
        {
            var row = reader.Statement(Sql.SelectReady).Bind(1, id).Bind(2, lane).Bind(3, max - messages.Count);
            while (row.Read())
            {
                var retries = row.Int64(Sql.JobColumnCount + 4) != 0
                    ? Retries(reader, row.Int64(Sql.JobColumnCount + 2))
                    : null;
                messages.Add(MessageRow.Read(row, 0, reader.Words, retries));
            }
        }

        return messages;
    }

    internal static IReadOnlyList<JobCounter> Counters(Reader reader)
    {
        var counters = new List<JobCounter>();
        var row = reader.Statement(
            "SELECT queue, name, enqueued, succeeded, failed, retried, cancelled, expired, dead FROM counter");
        while (row.Read())
        {
            counters.Add(new JobCounter(
                reader.Words.Text(row.Int64(0)),
                reader.Words.Text(row.Int64(1)),
                row.Int64(2),
                row.Int64(3),
                row.Int64(4),
                row.Int64(5),
                row.Int64(6),
                row.Int64(7),
                row.Int64(8)));
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
        var row = reader.Statement("""
            SELECT ifnull(r.ready_at, j.enqueued_at) FROM ready r CROSS JOIN job j ON j.key = r.job
            WHERE r.queue = ?1 AND r.lane = ?2 AND r.priority = ?3 ORDER BY r.seq LIMIT 1
            """);
        long? oldest = null;
        for (var line = 0; line < 2 * (PriorityMax + 1); line++)
        {
            if (row.Bind(1, queue).Bind(2, line % 2).Bind(3, line / 2).Read())
            {
                oldest = Math.Min(row.Int64(0), oldest ?? long.MaxValue);
            }

            row.Reset();
        }

        return oldest;
    }
}
