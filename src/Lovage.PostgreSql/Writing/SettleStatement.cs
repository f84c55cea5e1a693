using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Writes outcomes, many in one statement: claims end, attempts are kept, jobs get their new state, retries wait,
/// counts are added.
/// </summary>
internal sealed class SettleStatement(SchemaName schema, Words words)
{
    private const int RowsAt = 3;
    private const int RepeatedAt = 1;

    private static readonly Input<Settlement> Rows = new Input<Settlement>()
        .Int64("job", static outcome => outcome.Token.Claim)
        .Int64("stamp", static outcome => outcome.Token.Stamp)
        .Text("id", static outcome => outcome.Id.Value)
        .Int16("state", static outcome => (short)Meant(outcome))
        .Int32("number", static outcome => outcome.Attempt.Number)
        .Int16("ended_as", static outcome => (short)outcome.Attempt.End)
        .Int64("started_at", static outcome => StorageTime.From(outcome.Attempt.StartedAt))
        .Int64("duration", static outcome => outcome.Attempt.Duration.Ticks)
        .Int64OrNull("wait", static outcome => outcome.Attempt.Wait?.Ticks)
        .Int16("bucket", static outcome => Buckets.Of(outcome.Attempt))
        .Word("worker", static outcome => outcome.Attempt.Worker)
        .Int64("retry_delay", static outcome => StorageTime.Span(outcome.RetryDelay))
        .BytesOrNull("result", static outcome => outcome.Result.IsEmpty ? null : outcome.Result.ToArray())
        .BytesOrNull("error", static outcome => NullWhenEmpty(AttemptColumns.FromError(outcome.Attempt.Error)))
        .BytesOrNull("logs", static outcome => NullWhenEmpty(AttemptColumns.FromLogs(outcome.Attempt.Logs)))
        .Text("reason", static outcome => outcome.Reason)
        .DoubleOrNull("progress", static outcome => outcome.Progress)
        .Text("progress_message", static outcome => outcome.ProgressMessage);

    private static readonly Input<(Settlement Outcome, long? Fingerprint)> RowsWithFaults =
        new Input<(Settlement Outcome, long? Fingerprint)>()
            .Include(Rows, static row => row.Outcome)
            .Int64OrNull("fingerprint", static row => row.Fingerprint);

    private static readonly Input<Settlement> Repeated = new Input<Settlement>()
        .Int64("job", static outcome => outcome.Token.Claim)
        .Int64("stamp", static outcome => outcome.Token.Stamp)
        .Text("id", static outcome => outcome.Id.Value);

    private static readonly CourseColumn[] Columns =
    [
        .. KeepAttempt.Outcome,
        .. EndJob.Columns,
        new("retries", "o.retries"),
        new("due", "o.due", CourseRows.KnownOnlyWhenNotNull),
        new("deaths", "o.deaths"),
        new("result", "o.result"),
        new("progress", "o.progress"),
        new("progress_message", "o.progress_message"),
    ];

    // A success leaves the fingerprint of the newest failed attempt.
    private static readonly CourseColumn[] ColumnsWithFaults =
        [.. Columns, new("fingerprint", "o.fingerprint", CourseRows.KnownOnlyWhenNotNull)];

    // $1: the time, $2: the last instant there is. Then the outcomes: instants in units of 100 ns since 1970, spans in
    // units of 100 ns, the worker's number, the state that the decision leads to. Comes back for each that was written:
    // stamp, id, and the state that it led to.
    // What each row becomes is worked out once, where its claim is locked: every further step that keeps the rows would
    // copy them. Claims are looked up one by one (OFFSET 0), whatever the planner thinks of a table that is nearly
    // empty whenever it is counted. The claim knows whether "course" has a row: an insert that must look for one first
    // costs half as much again.
    private static string Settle(bool hasFaults) => $"""
        WITH {Sql.Clock},
        outcome AS MATERIALIZED (
          SELECT k.job, k.id, k.again, k.queue, k.name, k.priority, k.deaths, k.attempts, k.stamp, i.number, i.ended_as,
            i.started_at, i.duration, i.wait, i.bucket, i.worker, i.error, i.logs,{(hasFaults ? " i.fingerprint," : "")}
            {EndClaim.OutcomeState} AS state, {EndClaim.OutcomeRetries} AS retries, {EndClaim.OutcomeFails} AS fails,
            CASE WHEN NOT {EndClaim.OutcomeEnds} THEN least((SELECT now FROM clock) + i.retry_delay, $2) END AS due,
            CASE WHEN {EndClaim.OutcomeEnds} THEN (SELECT now FROM clock) END AS finished_at,
            {EndClaim.OutcomeResult} AS result, {EndClaim.OutcomeReason} AS reason,
            {EndClaim.OutcomeProgress} AS progress, {EndClaim.OutcomeProgressMessage} AS progress_message
          FROM {(hasFaults ? RowsWithFaults.Rows(RowsAt) : Rows.Rows(RowsAt))}
          CROSS JOIN LATERAL (SELECT * FROM lovage.claim k WHERE k.job = i.job AND k.stamp = i.stamp
            AND k.id = i.id OFFSET 0 FOR UPDATE) k),
        ended AS ({EndClaim.DeleteLocked("outcome")}),
        archived AS ({KeepAttempt.Archive("outcome")}),
        written AS ({CourseWrite.Insert("outcome", "NOT o.again", hasFaults ? ColumnsWithFaults : Columns)}),
        rewritten AS ({CourseWrite.Update("outcome", "o.again", hasFaults ? ColumnsWithFaults : Columns)}),
        waiting AS ({Place.Delayed($"outcome WHERE state = {States.Retrying}")}),
        {(hasFaults ? $"failing AS ({Faults.Add("outcome")})," : "")}
        counted AS ({Tally.OfAttempts(
            "outcome",
            "worker",
            [
                ("buckets", "array_agg(bucket)"),
                ("wait_total", HourSums.Total("wait", "FILTER (WHERE number = 1)")),
                ("run_total", HourSums.Total("duration")),
                ("claimed", Tally.MinusRows),
                ("delayed", Tally.Where($"state = {States.Retrying}")),
                ("retried", Tally.Where("fails")),
                .. EndJob.Counts,
            ])})
        SELECT stamp, id, state FROM outcome
        """;

    // The outcomes' tokens and ids. Comes back for each that is its job's newest outcome: stamp, id, and, while no
    // other attempt has taken its place, the job's state and whether the outcome was a retry that became a
    // cancellation. A claim that ended without an outcome leaves an attempt too, which is not looked at.
    private static readonly string WasApplied = $"""
        SELECT i.stamp, i.id, c.state, coalesce(c.turned, false) FROM {Repeated.Rows(RepeatedAt)}
          JOIN lovage.message m ON m.key = i.job AND m.id = i.id
          LEFT JOIN lovage.course c ON c.job = i.job AND c.stamp = i.stamp AND c.ended_as {Ends.AreOutcomes}
        WHERE c.job IS NOT NULL
          OR i.stamp = (SELECT a.stamp FROM lovage.attempt a WHERE a.job = i.job AND a.ended_as {Ends.AreOutcomes}
            ORDER BY a.ordinal DESC LIMIT 1)
          AND NOT EXISTS (SELECT 1 FROM lovage.course n WHERE n.job = i.job AND n.ended_as {Ends.AreOutcomes})
        """;

    private readonly string _settle = schema.Sql(Settle(hasFaults: false));
    private readonly string _settleFaults = schema.Sql(Settle(hasFaults: true));
    private readonly Faults _faults = new(schema, words);
    private readonly string _wasApplied = schema.Sql(WasApplied);

    /// <summary>The words that <see cref="RunAsync"/> needs.</summary>
    internal static HashSet<string> WordsOf(IReadOnlyList<Settlement> outcomes)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < outcomes.Count; i++)
        {
            words.Add(outcomes[i].Attempt.Worker);
        }

        return words;
    }

    /// <summary>
    /// True for an outcome that was written as it was meant, so that its follow-ups are published: false for a retry of
    /// a job that was to be cancelled.
    /// </summary>
    internal static bool IsAsMeant(Settlement outcome, JobState state) => state == Meant(outcome);

    /// <summary>Writes those that are not stale; of two with the same token the first.</summary>
    /// <returns>For each that was written now, by stamp and id, the state that it led to.</returns>
    internal async Task<Dictionary<(long Stamp, string Id), JobState>> RunAsync(
        NpgsqlConnection connection,
        IReadOnlyList<Settlement> outcomes,
        IReadOnlyDictionary<string, int> words,
        long? now)
    {
        // By the order of their keys, so that two who settle the same claims do not wait for each other in a circle.
        Settlement[] sorted =
        [
            .. outcomes.DistinctBy(static outcome => (outcome.Token, outcome.Id))
                .OrderBy(static outcome => outcome.Token.Claim),
        ];
        var statement = Array.Exists(sorted, Faults.Has)
            ? RowsWithFaults.AddTo(
                StatementOf(_settleFaults, now), await _faults.WithFingerprintsAsync(connection, sorted), words)
            : Rows.AddTo(StatementOf(_settle, now), sorted, words);
        await using var rows = await connection.ReadAsync(statement, CancellationToken.None);
        var written = new Dictionary<(long, string), JobState>(sorted.Length);
        while (await rows.ReadAsync())
        {
            written[(rows.GetInt64(0), rows.GetString(1))] = (JobState)rows.GetInt16(2);
        }

        return written;
    }

    /// <summary>Results of all outcomes, once <see cref="RunAsync"/> has written what was not stale.</summary>
    /// <remarks>What was not written now may have been written by an earlier call with the same token.</remarks>
    internal async Task<SettleResult[]> ResultsAsync(
        NpgsqlConnection connection,
        IReadOnlyList<Settlement> outcomes,
        Dictionary<(long Stamp, string Id), JobState> written)
    {
        var results = new SettleResult[outcomes.Count];
        var rest = new List<Settlement>();
        for (var i = 0; i < results.Length; i++)
        {
            if (written.TryGetValue((outcomes[i].Token.Stamp, outcomes[i].Id.Value), out var state))
            {
                results[i] = new SettleResult(SettleStatus.Applied, state);
            }
            else
            {
                rest.Add(outcomes[i]);
            }
        }

        if (rest.Count > 0)
        {
            var before = await BeforeAsync(connection, rest);
            for (var i = 0; i < results.Length; i++)
            {
                var key = (outcomes[i].Token.Stamp, outcomes[i].Id.Value);
                if (!written.ContainsKey(key))
                {
                    results[i] = before.TryGetValue(key, out var known)
                        ? new SettleResult(SettleStatus.Applied, known)
                        : new SettleResult(SettleStatus.Stale, null);
                }
            }
        }

        return results;
    }

    /// <summary>
    /// Those that an earlier call wrote, each with the state of its job while the job stands where the outcome has put
    /// it.
    /// </summary>
    private async Task<Dictionary<(long Stamp, string Id), JobState?>> BeforeAsync(
        NpgsqlConnection connection, List<Settlement> outcomes)
    {
        var meant = outcomes.ToLookup(static outcome => (outcome.Token.Stamp, outcome.Id.Value), Meant);
        await using var rows = await connection.ReadAsync(
            Repeated.AddTo(new Statement(_wasApplied), outcomes), CancellationToken.None);
        var before = new Dictionary<(long, string), JobState?>();
        while (await rows.ReadAsync())
        {
            var key = (rows.GetInt64(0), rows.GetString(1));
            var written = rows.GetBoolean(3) ? JobState.Cancelled : meant[key].First();
            before[key] = rows.Int16OrNull(2) is { } state && (JobState)state == written ? written : null;
        }

        return before;
    }

    private static Statement StatementOf(string sql, long? now) =>
        new Statement(sql).Add(now).Add(StorageTime.Latest);

    private static JobState Meant(Settlement outcome) => JobLifecycle.After(outcome.Decision, JobState.Running);

    private static byte[]? NullWhenEmpty(byte[] bytes) => bytes.Length == 0 ? null : bytes;
}
