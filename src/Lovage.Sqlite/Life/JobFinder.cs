using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Life;

/// <summary>Finds jobs for the verbs: by the token of a claim, or by id. Belongs to the writer's thread.</summary>
internal sealed class JobFinder(WriteSession session)
{
    /// <summary>
    /// ?1 id. Comes back: key, name, queue, priority, state (NULL without a row of <c>lovage_course</c>), place, due
    /// time, whether a worker holds the job, whether it has started it.
    /// </summary>
    private const string SelectJob = """
        SELECT m.key, m.name, m.queue, m.priority, c.state, c.seq, c.due, k.job IS NOT NULL, k.started_at IS NOT NULL
        FROM lovage_message m LEFT JOIN lovage_course c ON c.job = m.key LEFT JOIN lovage_claim k ON k.job = m.key
        WHERE m.id = ?1
        """;

    private readonly SqliteStatement _selectClaim = session.Connection.Prepare(Sql.SelectClaim);
    private readonly SqliteStatement _selectCourse = session.Connection.Prepare(Sql.SelectCourse);

    /// <summary>The job that is claimed under this token; null when it is not, or no longer, held.</summary>
    internal ClaimedJob? Claimed(LeaseToken token)
    {
        var row = _selectClaim.Bind(1, token.Claim);
        if (!row.Read())
        {
            return null;
        }

        var job = row.Int64(0) == token.Stamp ? ReadClaim(row, token) : null;
        row.Reset();
        if (job is { HasCourse: true })
        {
            ReadCourse(job);
        }

        return job;
    }

    /// <summary>The job of this id, held or not; null when there is none.</summary>
    internal StoredJob? Stored(JobId id)
    {
        var row = session.Statement(SelectJob).Bind(1, id.Value);
        StoredJob? job = row.Read() ? new StoredJob(
            row.Int64(0),
            row.Int64(1),
            row.Int64(2),
            Math.Clamp(row.Int64(3), 0, Tables.PriorityMax),
            row.Int64(8) != 0 ? JobState.Running
                : row.Int64(7) != 0 || row.IsNull(4) ? JobState.Queued
                : (JobState)row.Int32(4),
            row.Int64OrNull(5) ?? row.Int64(0),
            row.Int64OrNull(6),
            row.Int64(7) != 0) : null;
        row.Reset();
        return job;
    }

    /// <summary>What a claim needs of a job that was delivered before.</summary>
    internal (int? Retries, int Attempts, int Offers) Delivered(long key)
    {
        var row = _selectCourse.Bind(1, key);
        (int? Retries, int Attempts, int Offers) found =
            row.Read() ? ((int?)row.Int64OrNull(1), row.Int32(4), row.Int32(5)) : default;
        row.Reset();
        return found;
    }

    private static ClaimedJob ReadClaim(SqliteStatement row, LeaseToken token) => new()
    {
        Key = token.Claim,
        Stamp = token.Stamp,
        Owner = row.Int64(1),
        Lane = row.Int64(2),
        Seq = row.Int64(3),
        ReadyAt = row.Int64OrNull(4),
        HasCourse = row.Int64(5) != 0,
        StartedAt = row.Int64OrNull(6),
        StartedAhead = row.Int64(7) != 0,
        IsToBeCancelled = row.Int64(8) != 0,
        CancelReason = row.TextOrNull(9),
        Progress = row.DoubleOrNull(10),
        ProgressMessage = row.TextOrNull(11),
        Name = row.Int64(12),
        Queue = row.Int64(13),
        Priority = row.Int64(14),
        PublishedRetries = row.Int64(15),
        Id = row.Text(16),
        State = JobState.Queued,
    };

    private void ReadCourse(ClaimedJob job)
    {
        var row = _selectCourse.Bind(1, job.Key);
        if (!row.Read())
        {
            return;
        }

        job.Retries = row.Int64OrNull(1);
        job.Due = row.Int64OrNull(2);
        job.Deaths = row.Int64(3);
        job.Attempts = row.Int64(4);
        job.Offers = row.Int64(5);
        job.FirstOfferAt = row.Int64OrNull(6);
        job.Asked = row.TextOrNull(7);
        job.Reason = row.TextOrNull(8);
        row.Reset();
    }
}

/// <summary>A job as it stands in the file, held or not.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Name">The word of its name.</param>
/// <param name="Queue">The word of its queue.</param>
/// <param name="Priority">Its priority.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Seq">Its place while it is ready.</param>
/// <param name="Due">Its due time while it is delayed, in units of 100 ns since 1970.</param>
/// <param name="IsHeld">True while a worker holds it.</param>
internal readonly record struct StoredJob(
    long Key, long Name, long Queue, long Priority, JobState State, long Seq, long? Due, bool IsHeld);
