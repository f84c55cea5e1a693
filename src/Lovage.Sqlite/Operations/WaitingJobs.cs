using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;

namespace Lovage.Sqlite.Operations;

/// <summary>Takes jobs that no worker holds out of the place where they wait.</summary>
internal static class WaitingJobs
{
    /// <summary>
    /// ?1 queue, ?2 priority, ?3 place, ?4 and ?5 the lanes. Comes back: lane, when it became ready (NULL: when it was
    /// accepted).
    /// </summary>
    private const string DeleteReady = """
        DELETE FROM lovage_ready WHERE queue = ?1 AND lane IN (?4, ?5) AND priority = ?2 AND seq = ?3
        RETURNING lane, ready_at
        """;

    /// <summary>?1 queue, ?2 due time, ?3 key.</summary>
    private const string DeleteDelayed = "DELETE FROM lovage_delayed WHERE queue = ?1 AND due = ?2 AND job = ?3";

    /// <summary>Takes a job out.</summary>
    /// <returns>Where it was: the lane and the time since when it was ready, or neither for a delayed one.</returns>
    internal static (long? Lane, long? ReadyAt) Leave(WriteSession session, StoredJob job)
    {
        var sums = session.Tally.Queue(job.Queue);
        if (job.State != JobState.Queued)
        {
            session.Statement(DeleteDelayed).Bind(1, job.Queue).Bind(2, job.Due).Bind(3, job.Key).Run();
            sums.Delayed--;
            return default;
        }

        var row = session.Statement(DeleteReady).Bind(1, job.Queue).Bind(2, job.Priority).Bind(3, job.Seq)
            .Bind(4, Tables.OrphanLane).Bind(5, Tables.OrdinaryLane);
        row.Read();
        var place = (row.Int64(0), row.Int64OrNull(1));
        row.Reset();
        sums.Ready--;
        return place;
    }
}
