using System.Text;
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
    internal ClaimedJob? Claimed(LeaseToken token) => Claimed(token, expected: null);

    /// <summary>The same, and null when the claim is of another job than the one expected.</summary>
    internal ClaimedJob? Claimed(LeaseToken token, JobId expected) => Claimed(token, expected.Value);

    private ClaimedJob? Claimed(LeaseToken token, string? expected)
    {
        var row = _selectClaim.Bind(1, token.Claim);
        if (!row.Read())
        {
            return null;
        }

        // An id that is compared as bytes need not become a text.
        var isIt = row.Int64(0) == token.Stamp && (expected is null || Ascii.Equals(row.Bytes(16), expected));
        var job = isIt ? ReadClaim(row, token, expected ?? row.Text(16)) : null;
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
        var job = row.Read() ? ReadJob(row) : null;
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

    private static StoredJob ReadJob(SqliteStatement row)
    {
        var isHeld = row.Int64(7) != 0;
        var isStarted = row.Int64(8) != 0;
        return new StoredJob
        {
            Key = row.Int64(0),
            Name = row.Int64(1),
            Queue = row.Int64(2),
            Priority = Math.Clamp(row.Int64(3), 0, Tables.PriorityMax),
            State = isStarted ? JobState.Running
                : isHeld || row.IsNull(4) ? JobState.Queued
                : (JobState)row.Int32(4),
            Seq = row.Int64OrNull(5) ?? row.Int64(0),
            Due = row.Int64OrNull(6),
            IsHeld = isHeld,
        };
    }

    private static ClaimedJob ReadClaim(SqliteStatement row, LeaseToken token, string id) => new()
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
        Id = id,
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
