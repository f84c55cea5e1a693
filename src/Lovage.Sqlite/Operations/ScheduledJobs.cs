using Lovage.Protocol;
using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Operations;

/// <summary>What a firing needs of a schedule; times are in units of 100 ns since 1970.</summary>
internal readonly record struct StoredSchedule(
    long Key, long Version, ScheduleState State, long? LastTick, long? QueuedTick)
{
    private const string Select = """
        SELECT p.schedule, p.version, p.state, p.last_tick, p.queued_tick FROM lovage_schedule s
          CROSS JOIN lovage_schedule_course p ON p.schedule = s.key WHERE s.id = ?1
        """;

    internal static StoredSchedule? Find(WriteSession session, string id)
    {
        var row = session.Statement(Select).Bind(1, id);
        StoredSchedule? schedule = row.Read()
            ? new StoredSchedule(
                row.Int64(0), row.Int64(1), (ScheduleState)row.Int32(2), row.Int64OrNull(3), row.Int64OrNull(4))
            : null;
        row.Reset();
        return schedule;
    }
}

/// <summary>The jobs of a schedule that count as unfinished.</summary>
internal static class ScheduledJobs
{
    private const string Open =
        "INSERT INTO lovage_schedule_open(schedule, job) VALUES (?1, ?2) ON CONFLICT (schedule, job) DO NOTHING";

    private static readonly string ForgetEndedJobs =
        $"DELETE FROM lovage_schedule_open AS o WHERE o.schedule = ?1 AND NOT {Sql.IsUnfinished}";

    /// <summary>Enqueues a job that counts as unfinished from now on.</summary>
    internal static PublishStatus Enqueue(WriteSession session, long schedule, JobMessage job)
    {
        var status = Publishing.Publish(session, job, out var key).Status;
        session.Statement(Open).Bind(1, schedule).Bind(2, key).Run();
        return status;
    }

    /// <summary>
    /// Forgets jobs that have ended: once a firing has seen that, they no longer count, even when a person requeues
    /// them.
    /// </summary>
    internal static void ForgetEnded(WriteSession session, long schedule) =>
        session.Statement(ForgetEndedJobs).Bind(1, schedule).Run();
}
