using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;
using Lovage.Sqlite.Writing;

namespace Lovage.Sqlite.Operations;

/// <summary>Removes ended jobs that the policy does not keep, the oldest first, and old statistics.</summary>
internal sealed class PruneOperation(RetentionPolicy policy, int max) : WriteOperation<int>
{
    /// <summary>?1 state, ?2 jobs at the most. Comes back, the oldest first: key, time of the end.</summary>
    private const string SelectOldest = """
        SELECT job, finished_at FROM lovage_course WHERE state = ?1 AND finished_at IS NOT NULL
        ORDER BY finished_at LIMIT ?2
        """;

    private static readonly JobState[] FinalStates =
        [.. Enum.GetValues<JobState>().Where(static state => state.IsFinal)];

    internal override int Weight => max * 3;

    internal override bool HasWork(WriteSession session)
    {
        session.ReadClocks();
        Result = 0;
        return Candidates(session, 1, Ended(session)).Count > 0 || OldHistory.HasAny(session);
    }

    internal override void Run(WriteSession session)
    {
        var old = Candidates(session, max, session.Ended);
        foreach (var job in old)
        {
            DeleteOperation.Delete(session, job);
        }

        OldHistory.RemoveBlocks(session, old);
        OldHistory.Remove(session);
        Result = old.Count;
    }

    private static long Ended(WriteSession session)
    {
        var meta = session.Statement(Sql.ReadMeta);
        meta.Read();
        var ended = meta.Int64(1);
        meta.Reset();
        return ended;
    }

    /// <summary>
    /// The oldest ones by their end, state by state from an index: first those over the bound on rows, then those over
    /// their age.
    /// </summary>
    private List<long> Candidates(WriteSession session, int count, long ended)
    {
        var oldest = new List<(long Job, long FinishedAt, JobState State)>();
        foreach (var state in FinalStates)
        {
            var row = session.Statement(SelectOldest).Bind(1, (long)state).Bind(2, count);
            while (row.Read())
            {
                oldest.Add((row.Int64(0), row.Int64(1), state));
            }
        }

        oldest.Sort(static (a, b) => (a.FinishedAt, a.Job).CompareTo((b.FinishedAt, b.Job)));
        var over = ended - policy.RowsMax;
        var old = new List<long>();
        foreach (var (job, finishedAt, state) in oldest)
        {
            var age = session.Now - finishedAt;
            if (old.Count < count
                && (old.Count < over || age > (state == JobState.Dead ? policy.Dead : policy.Finished).Ticks))
            {
                old.Add(job);
            }
        }

        return old;
    }
}
