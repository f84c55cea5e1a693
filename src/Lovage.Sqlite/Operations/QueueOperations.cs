using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite.Operations;

/// <summary>Pauses a queue, or resumes it when no reason is given.</summary>
internal sealed class PauseOperation(string queue, string? reason) : WriteOperation<bool>
{
    private const string Resume = "UPDATE lovage_queue SET pause_reason = NULL WHERE id = ?1";

    /// <summary>?1 queue, ?2 reason.</summary>
    private const string Pause = """
        INSERT INTO lovage_queue(id, ready, delayed, claimed, pause_reason) VALUES (?1, 0, 0, 0, ?2)
        ON CONFLICT (id) DO UPDATE SET pause_reason = excluded.pause_reason
        """;

    internal override bool WakesOthers => reason is null;

    internal override void Run(WriteSession session)
    {
        if (reason is not null)
        {
            session.Statement(Pause).Bind(1, session.Words.Id(queue)).Bind(2, reason).Run();
        }
        else if (session.Words.Find(queue) is { } id)
        {
            session.Statement(Resume).Bind(1, id).Run();
        }
    }
}

/// <summary>Makes due jobs of all queues ready, for a look at them.</summary>
internal sealed class PromoteOperation : WriteOperation<bool>
{
    internal override int Weight => QueueLines.PromoteMax;

    internal override void Run(WriteSession session)
    {
        var queues = new List<long>();
        var row = session.Statement("SELECT id FROM lovage_queue WHERE delayed > 0");
        while (row.Read())
        {
            queues.Add(row.Int64(0));
        }

        var budget = QueueLines.PromoteMax;
        foreach (var queue in queues)
        {
            budget -= QueueLines.Promote(session, queue, budget);
        }
    }
}

/// <summary>Cancels jobs of a queue that no worker holds: ready ones in their order, then delayed ones.</summary>
internal sealed class PurgeOperation(string queue, int max) : WriteOperation<IReadOnlyList<EndedJob>>
{
    /// <summary>?1 queue, ?2 lane, ?3 jobs at the most. Comes back, in order: priority, place, key, id, name.</summary>
    private const string SelectReady = """
        SELECT r.priority, r.seq, r.job, m.id, m.name FROM lovage_ready r CROSS JOIN lovage_message m ON m.key = r.job
        WHERE r.queue = ?1 AND r.lane = ?2 ORDER BY r.priority, r.seq LIMIT ?3
        """;

    /// <summary>?1 queue, ?2 jobs at the most. Comes back, in order: 0, due time, key, id, name.</summary>
    private const string SelectDelayed = """
        SELECT 0, d.due, d.job, m.id, m.name FROM lovage_delayed d CROSS JOIN lovage_message m ON m.key = d.job
        WHERE d.queue = ?1 ORDER BY d.due, d.job LIMIT ?2
        """;

    internal override int Weight => max;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var ended = new List<EndedJob>();
        if (session.Words.Find(queue) is { } id)
        {
            PurgeLane(session, id, Tables.OrphanLane, ended);
            PurgeLane(session, id, Tables.OrdinaryLane, ended);
            PurgeDelayed(session, id, ended);
        }

        Result = ended;
    }

    private void PurgeLane(WriteSession session, long id, long lane, List<EndedJob> ended)
    {
        var row = session.Statement(SelectReady).Bind(1, id).Bind(2, lane).Bind(3, max - ended.Count);
        var (count, priority, seq) = (ended.Count, 0L, 0L);
        while (row.Read())
        {
            (priority, seq) = (row.Int64(0), row.Int64(1));
            ended.Add(End(session, id, row.Int64(2), row.Text(3), row.Int64(4)));
        }

        if (ended.Count > count)
        {
            session.Statement(Sql.DeleteReadyUpTo).Bind(1, id).Bind(2, lane).Bind(3, priority).Bind(4, seq).Run();
            session.Tally.Queue(id).Ready -= ended.Count - count;
        }
    }

    private void PurgeDelayed(WriteSession session, long id, List<EndedJob> ended)
    {
        var row = session.Statement(SelectDelayed).Bind(1, id).Bind(2, max - ended.Count);
        var (count, due, key) = (ended.Count, 0L, 0L);
        while (row.Read())
        {
            (due, key) = (row.Int64(1), row.Int64(2));
            ended.Add(End(session, id, key, row.Text(3), row.Int64(4)));
        }

        if (ended.Count > count)
        {
            session.Statement(QueueLines.DeleteDelayedUpTo).Bind(1, id).Bind(2, due).Bind(3, key).Run();
            session.Tally.Queue(id).Delayed -= ended.Count - count;
        }
    }

    private static EndedJob End(WriteSession session, long queue, long key, string id, long name)
    {
        session.Life.EndJob(key, queue, name, JobState.Cancelled, JobLifecycle.PurgedReason);
        return new EndedJob(
            JobId.Parse(id), session.Words.Text(name), JobState.Cancelled, JobLifecycle.PurgedReason);
    }
}
