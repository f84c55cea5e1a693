namespace Lovage.Sqlite.Writing;

/// <summary>What the writer asks of queues.</summary>
internal static class Queues
{
    /// <summary>Due jobs made ready in one transaction at the most.</summary>
    internal const int PromoteMax = 1_000;

    /// <summary>Those of the queues named that hold or have held jobs and are not paused, in the order given.</summary>
    internal static List<long> Open(WriteSession session, IReadOnlyList<string> names)
    {
        var paused = session.Statement("SELECT 1 FROM queue WHERE id = ?1 AND pause_reason IS NOT NULL");
        var open = new List<long>(names.Count);
        for (var i = 0; i < names.Count; i++)
        {
            if (session.Words.Find(names[i]) is { } queue)
            {
                if (!paused.Bind(1, queue).Read() && !open.Contains(queue))
                {
                    open.Add(queue);
                }

                paused.Reset();
            }
        }

        return open;
    }

    internal static bool HasReady(WriteSession session, long queue, long lane)
    {
        var look = session.Statement("SELECT 1 FROM ready WHERE queue = ?1 AND lane = ?2 LIMIT 1")
            .Bind(1, queue)
            .Bind(2, lane);
        var found = look.Read();
        look.Reset();
        return found;
    }

    internal static long? NextDue(WriteSession session, long queue)
    {
        var look = session.Statement("SELECT due FROM delayed WHERE queue = ?1 ORDER BY due LIMIT 1").Bind(1, queue);
        long? due = look.Read() ? look.Int64(0) : null;
        look.Reset();
        return due;
    }

    /// <summary>Moves due jobs to the back of their queue, in the order of their due times.</summary>
    /// <returns>How many.</returns>
    internal static int Promote(WriteSession session, long queue, int max)
    {
        var row = session.Statement(
            "SELECT due, job, priority FROM delayed WHERE queue = ?1 AND due <= ?2 ORDER BY due, job LIMIT ?3")
            .Bind(1, queue)
            .Bind(2, session.Now)
            .Bind(3, max);
        var queued = session.Statement("UPDATE course SET state = ?2, seq = ?3 WHERE job = ?1");
        var (count, due, job) = (0, 0L, 0L);
        while (row.Read())
        {
            (due, job) = (row.Int64(0), row.Int64(1));
            var seq = session.NextTicket();
            queued.Bind(1, job).Bind(2, (long)JobState.Queued).Bind(3, seq).Run();
            session.MakeReady(queue, lane: 1, row.Int64(2), seq, job, due, again: true);
            count++;
        }

        if (count > 0)
        {
            session.Statement("DELETE FROM delayed WHERE queue = ?1 AND (due, job) <= (?2, ?3)")
                .Bind(1, queue)
                .Bind(2, due)
                .Bind(3, job)
                .Run();
            session.Tally.Queue(queue).Delayed -= count;
        }

        return count;
    }
}
