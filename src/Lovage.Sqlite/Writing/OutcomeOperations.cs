using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Writing;

internal sealed class SettleOperation(IReadOnlyList<Settlement> outcomes) : WriteOperation<IReadOnlyList<SettleStatus>>
{
    internal override int Weight => outcomes.Count;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var statuses = new SettleStatus[outcomes.Count];
        for (var i = 0; i < statuses.Length; i++)
        {
            statuses[i] = Settle(session, outcomes[i]);
        }

        Result = statuses;
    }

    private static SettleStatus Settle(WriteSession session, Settlement outcome)
    {
        if (session.FindClaim(outcome.Token) is not { } claim || claim.Id != outcome.Id.Value)
        {
            return WasApplied(session, outcome) ? SettleStatus.Applied : SettleStatus.Stale;
        }

        session.Unclaim(claim);
        var before = claim.Again ? session.FindCourse(claim.Job) : default;
        if (outcome.Decision != JobDecision.Retry)
        {
            session.WriteCourse(
                claim,
                before,
                outcome.Attempt,
                JobLifecycle.After(outcome.Decision, JobState.Running),
                before.Retries,
                due: null,
                before.Deaths,
                outcome.Result.Span,
                outcome.Reason,
                outcome.Progress,
                outcome.ProgressMessage);
        }
        else
        {
            Retry(session, outcome, claim, before);
        }

        for (var i = 0; i < outcome.FollowUps.Count; i++)
        {
            session.Publish(outcome.FollowUps[i]);
        }

        return SettleStatus.Applied;
    }

    private static void Retry(WriteSession session, Settlement outcome, ClaimRow claim, in CourseRow before)
    {
        var retries = (before.Retries ?? claim.Retries) + 1;
        var (state, reason) = claim.Cancel
            ? (JobState.Cancelled, claim.CancelReason)
            : (JobState.Retrying, outcome.Reason);
        long? due = claim.Cancel ? null : StorageClock.Add(session.Now, outcome.RetryDelay);
        session.Tally.Job(claim.Queue, claim.Name).Retried++;
        session.WriteCourse(
            claim with { Progress = null, ProgressMessage = null },
            before,
            outcome.Attempt,
            state,
            retries,
            due,
            before.Deaths,
            result: default,
            reason);
        if (due is { } at)
        {
            session.Delay(claim.Queue, at, claim.Job, claim.Priority);
        }
    }

    /// <summary>
    /// True when an outcome was written under this token. An attempt that was written off with its owner bears its
    /// stamp too, but is no outcome.
    /// </summary>
    private static bool WasApplied(WriteSession session, Settlement outcome) =>
        WasApplied(session.Statement(Sql.AppliedBefore), outcome);

    /// <inheritdoc cref="WasApplied(WriteSession, Settlement)"/>
    internal static bool WasApplied(SqliteStatement row, Settlement outcome)
    {
        row.Bind(1, outcome.Id.Value)
            .Bind(2, outcome.Token.Claim)
            .Bind(3, outcome.Token.Stamp)
            .Bind(4, (long)AttemptEnd.OwnerDied)
            .Bind(5, (long)AttemptEnd.Interrupted);
        var found = row.Read();
        row.Reset();
        return found;
    }
}

internal sealed class RecordStartsOperation(IReadOnlyList<JobStart> starts) : WriteOperation<IReadOnlyList<bool>>
{
    internal override int Weight => starts.Count;

    internal override void Run(WriteSession session)
    {
        var start = session.Statement(
            "UPDATE claim SET started_at = ifnull(started_at, ?3), ahead = max(ahead, ?4) WHERE job = ?1 AND stamp = "
                + "?2");
        var held = new bool[starts.Count];
        for (var i = 0; i < held.Length; i++)
        {
            var (token, _, startedAt, ahead) = starts[i];
            held[i] = start.Bind(1, token.Claim)
                .Bind(2, token.Stamp)
                .Bind(3, StorageTime.From(startedAt))
                .Bind(4, ahead ? 1L : 0L)
                .Run() > 0;
        }

        Result = held;
    }
}

internal sealed class ReportProgressOperation(IReadOnlyList<ProgressUpdate> updates) : WriteOperation<bool>
{
    internal override bool IsDurable => false;

    internal override int Weight => updates.Count;

    internal override void Run(WriteSession session)
    {
        var report = session.Statement(
            "UPDATE claim SET progress = ?3, progress_message = ?4 WHERE job = ?1 AND stamp = ?2");
        for (var i = 0; i < updates.Count; i++)
        {
            var (token, _, fraction, message) = updates[i];
            report.Bind(1, token.Claim).Bind(2, token.Stamp).Bind(3, (double?)fraction).Bind(4, message).Run();
        }
    }
}
