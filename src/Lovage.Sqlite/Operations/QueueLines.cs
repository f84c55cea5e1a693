using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;

namespace Lovage.Sqlite.Operations;

/// <summary>Looks at queues, and makes due jobs ready.</summary>
internal static class QueueLines
{
    /// <summary>Due jobs made ready in one transaction at the most.</summary>
    internal const int PromoteMax = 1_000;

    private const string SelectPaused = "SELECT 1 FROM lovage_queue WHERE id = ?1 AND pause_reason IS NOT NULL";
    private const string SelectReady = "SELECT 1 FROM lovage_ready WHERE queue = ?1 AND lane = ?2 LIMIT 1";
    private const string SelectNextDue = "SELECT due FROM lovage_delayed WHERE queue = ?1 ORDER BY due LIMIT 1";

    /// <summary>?1 queue, ?2 now, ?3 jobs at the most. Comes back, by due time: due time, key, priority.</summary>
    private const string SelectDue =
        "SELECT due, job, priority FROM lovage_delayed WHERE queue = ?1 AND due <= ?2 ORDER BY due, job LIMIT ?3";

    /// <summary>?1 queue, ?2 and ?3 due time and key of the last that goes.</summary>
    internal const string DeleteDelayedUpTo =
        "DELETE FROM lovage_delayed WHERE queue = ?1 AND (due, job) <= (?2, ?3)";

    /// <summary>Those of the queues named that hold or have held jobs and are not paused, in the order given.</summary>
    internal static List<long> Open(WriteSession session, IReadOnlyList<string> names)
    {
        var paused = session.Statement(SelectPaused);
        var open = new List<long>(names.Count);
        for (var i = 0; i < names.Count; i++)
        {
            if (session.Words.Find(names[i]) is { } queue)
            {
                if (!paused.Bind(1, queue).Read())
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
        var look = session.Statement(SelectReady).Bind(1, queue).Bind(2, lane);
        var found = look.Read();
        look.Reset();
        return found;
    }

    /// <summary>The due time of the next delayed job, in units of 100 ns since 1970; null when there is none.</summary>
    internal static long? NextDue(WriteSession session, long queue)
    {
        var look = session.Statement(SelectNextDue).Bind(1, queue);
        long? due = look.Read() ? look.Int64(0) : null;
        look.Reset();
        return due;
    }

    /// <summary>Moves due jobs to the back of their queue, in the order of their due times.</summary>
    /// <returns>How many.</returns>
    internal static int Promote(WriteSession session, long queue, int max)
    {
        var row = session.Statement(SelectDue).Bind(1, queue).Bind(2, session.Now).Bind(3, max);
        var (count, due, job) = (0, 0L, 0L);
        while (row.Read())
        {
            (due, job) = (row.Int64(0), row.Int64(1));
            session.Life.PlaceBack(job, queue, Tables.OrdinaryLane, row.Int64(2), due);
            count++;
        }

        if (count > 0)
        {
            session.Statement(DeleteDelayedUpTo).Bind(1, queue).Bind(2, due).Bind(3, job).Run();
            session.Tally.Queue(queue).Delayed -= count;
        }

        return count;
    }
}
