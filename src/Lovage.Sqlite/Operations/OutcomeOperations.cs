using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;
using Lovage.Sqlite.Writing;
using Lovage.Storage;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Operations;

/// <summary>Writes outcomes of attempts, with the follow-ups of each.</summary>
internal sealed class SettleOperation(IReadOnlyList<Settlement> outcomes) : WriteOperation<IReadOnlyList<SettleResult>>
{
    internal override int Weight => outcomes.Count;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var results = new SettleResult[outcomes.Count];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = Settle(session, outcomes[i]);
        }

        Result = results;
    }

    /// <summary>What an earlier call wrote under the token of this outcome.</summary>
    private static SettleResult SettledBefore(WriteSession session, Settlement outcome)
    {
        var row = session.Statement(Sql.SettledBefore)
            .Bind(1, outcome.Id.Value)
            .Bind(2, outcome.Token.Claim)
            .Bind(3, outcome.Token.Stamp);
        var result = row.Read()
            ? new SettleResult(SettleStatus.Applied, (JobState?)row.Int64OrNull(0))
            : new SettleResult(SettleStatus.Stale, null);
        row.Reset();
        return result;
    }

    private static SettleResult Settle(WriteSession session, Settlement outcome)
    {
        if (session.Find.Claimed(outcome.Token, outcome.Id) is not { } job)
        {
            return SettledBefore(session, outcome);
        }

        var plan = OutcomePlan.Of(outcome, job.IsToBeCancelled, job.CancelReason);
        session.Life.KeepAttempt(job, outcome.Attempt);
        session.Life.EndClaim(job);
        if (plan.IsRetry)
        {
            session.Tally.Job(job.Queue, job.Name).Retried++;
            job.Retries = (job.Retries ?? job.PublishedRetries) + 1;
            job.ForgetProgress();
        }
        else
        {
            job.Result = outcome.Result;
            if (outcome.Progress is { } progress)
            {
                (job.Progress, job.ProgressMessage) = (progress, outcome.ProgressMessage);
            }
        }

        if (plan.State.IsFinal)
        {
            session.Life.EndJob(job, plan.State, plan.Reason);
        }
        else
        {
            var due = StorageTime.Add(session.Now, outcome.RetryDelay);
            session.Life.PlaceDelayed(job, plan.State, plan.Reason, due);
        }

        for (var i = 0; plan.PublishesFollowUps && i < outcome.FollowUps.Count; i++)
        {
            Publishing.Publish(session, outcome.FollowUps[i]);
        }

        return new SettleResult(SettleStatus.Applied, plan.State);
    }
}

/// <summary>Writes that attempts have started; a start makes earlier offers worth nothing.</summary>
internal sealed class RecordStartsOperation(IReadOnlyList<JobStart> starts) : WriteOperation<IReadOnlyList<bool>>
{
    /// <summary>
    /// ?1 key, ?2 stamp, ?3 time of the start, ?4 whether it is written before the handler runs. Comes back, when the
    /// claim is held: whether <c>lovage_course</c> has a row, and the owner.
    /// </summary>
    private const string Start = """
        UPDATE lovage_claim SET started_at = ifnull(started_at, ?3), ahead = max(ahead, ?4)
        WHERE job = ?1 AND stamp = ?2 RETURNING again, owner
        """;

    /// <summary>?1 key.</summary>
    private const string ForgetOffers = """
        UPDATE lovage_course SET offers = 0, first_offer_at = NULL, asked = NULL, reason = NULL
        WHERE job = ?1 AND offers > 0
        """;

    internal override int Weight => starts.Count;

    internal override void Run(WriteSession session)
    {
        var start = session.Statement(Start);
        var held = new bool[starts.Count];
        for (var i = 0; i < held.Length; i++)
        {
            var (token, _, startedAt, ahead) = starts[i];
            start.Bind(1, token.Claim)
                .Bind(2, token.Stamp)
                .Bind(3, StorageTime.From(startedAt))
                .Bind(4, ahead ? 1L : 0L);
            held[i] = start.Read();
            var again = held[i] && start.Int64(0) != 0;
            var owner = held[i] ? start.Int64(1) : 0;
            start.Reset();
            if (held[i])
            {
                session.Blocks.Note(BlockKind.Worker, token.Claim, owner);
            }

            if (again)
            {
                session.Statement(ForgetOffers).Bind(1, token.Claim).Run();
            }
        }

        Result = held;
    }
}

/// <summary>Writes how far running jobs are, and what they have logged.</summary>
internal sealed class ReportProgressOperation(IReadOnlyList<ProgressUpdate> updates) : WriteOperation<bool>
{
    /// <summary>
    /// ?1 key, ?2 stamp, ?3 progress from 0 to 1 (NULL: it and its text are as they are), ?4 its text, ?5 the newest
    /// lines (NULL: as they are).
    /// </summary>
    private const string Report = """
        UPDATE lovage_claim SET progress = ifnull(?3, progress),
          progress_message = CASE WHEN ?3 IS NULL THEN progress_message ELSE ?4 END, lines = ifnull(?5, lines)
        WHERE job = ?1 AND stamp = ?2
        """;

    internal override bool IsDurable => false;

    internal override int Weight => updates.Count;

    internal override void Run(WriteSession session)
    {
        var report = session.Statement(Report);
        for (var i = 0; i < updates.Count; i++)
        {
            var (token, _, fraction, message) = updates[i];
            report.Bind(1, token.Claim)
                .Bind(2, token.Stamp)
                .Bind(3, fraction)
                .Bind(4, message)
                .BindSome(5, AttemptColumns.FromLogs(updates[i].Lines))
                .Run();
        }
    }
}
