using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;

namespace Lovage.PostgreSql.Life;

/// <summary>
/// The verb <em>end a claim</em>: takes the lease away, and says what becomes of the job. The expressions are the plan
/// of <see cref="Lovage.Storage.JobLifecycle"/> once more, in SQL; a test compares both, case by case.
/// </summary>
internal static class EndClaim
{
    /// <summary>
    /// The state that an outcome <c>i</c> leads to: a retry of a job that is to be cancelled cancels it.
    /// </summary>
    internal static string OutcomeState { get; } =
        $"CASE WHEN i.state = {States.Retrying} AND k.cancel THEN {States.Cancelled} ELSE i.state END::smallint";

    /// <summary>Whether an outcome counts a failure.</summary>
    internal static string OutcomeFails { get; } = $"i.state = {States.Retrying}";

    internal static string OutcomeRetries { get; } = $"k.retries + CASE WHEN {OutcomeFails} THEN 1 ELSE 0 END";

    /// <summary>Whether an outcome ends the job.</summary>
    internal static string OutcomeEnds { get; } = $"(i.state <> {States.Retrying} OR k.cancel)";

    internal static string OutcomeReason { get; } =
        $"CASE WHEN {OutcomeFails} AND k.cancel THEN k.cancel_reason ELSE i.reason END";

    /// <summary>A result and a progress are kept of an outcome that the worker meant to be the last.</summary>
    internal static string OutcomeResult { get; } = $"CASE WHEN i.state <> {States.Retrying} THEN i.result END";

    internal static string OutcomeProgress { get; } =
        $"CASE WHEN i.state <> {States.Retrying} THEN coalesce(i.progress, k.progress) END";

    internal static string OutcomeProgressMessage { get; } = $"""
        CASE WHEN i.state <> {States.Retrying} THEN
          CASE WHEN i.progress IS NULL THEN k.progress_message ELSE i.progress_message END END
        """;

    /// <summary>Deaths of a job whose owner died, over the claim <c>e</c>: only starts written ahead count.</summary>
    internal static string ReclaimDeaths { get; } = "e.deaths + CASE WHEN e.ahead THEN 1 ELSE 0 END";

    /// <summary>The state of a released job, over the claim <c>e</c>.</summary>
    internal static string ReleaseState { get; } =
        $"CASE WHEN e.cancel THEN {States.Cancelled} ELSE {States.Queued} END::smallint";

    /// <summary>
    /// The reason of an ended claim's job, over the claim <c>e</c> and its <c>died</c> and <c>state</c>.
    /// </summary>
    internal static string LostReason { get; } = $"""
        CASE s.state WHEN {States.Dead} THEN 'Its process died ' || d.died || ' times while it ran.'
          WHEN {States.Cancelled} THEN e.cancel_reason END
        """;

    /// <summary>The state of a job whose owner died, over the claim <c>e</c> and its <c>died</c>.</summary>
    /// <param name="deathsMax">The deaths that it bears no more.</param>
    internal static string ReclaimState(string deathsMax) => $"""
        CASE WHEN d.died >= {deathsMax} THEN {States.Dead} WHEN e.cancel THEN {States.Cancelled}
          ELSE {States.Queued} END::smallint
        """;

    /// <summary>
    /// The workers that declined a job, this one included, over <c>asked</c> so far and <c>worker</c>.
    /// </summary>
    /// <param name="separator">What stands between two.</param>
    /// <param name="lengthMax">How long the text may be to grow.</param>
    internal static string Asked(string separator, string lengthMax) => $"""
        CASE WHEN asked IS NULL THEN worker
          WHEN strpos({separator} || asked || {separator}, {separator} || worker || {separator}) > 0
            OR length(asked) > {lengthMax} THEN asked
          ELSE asked || {separator} || worker END
        """;

    /// <summary>
    /// The state of a declined job, over the claim <c>e</c>, the time <c>now</c> and <c>first_offer_at</c>.
    /// </summary>
    /// <param name="limit">How long it may be offered, in units of 100 ns.</param>
    internal static string DeclineState(string limit) => $"""
        CASE WHEN e.cancel THEN {States.Cancelled} WHEN now - first_offer_at >= {limit} THEN {States.Dead}
          ELSE {States.Scheduled} END::smallint
        """;

    /// <summary>The claims that tokens name, as a relation <c>given</c> with the other columns of the input.</summary>
    /// <param name="tokens">Rows with <c>job</c> and <c>stamp</c>.</param>
    /// <param name="first">The number of their first parameter.</param>
    /// <param name="more">Further columns of the input, such as <c>, i.delay</c>.</param>
    /// <remarks>
    /// The jobs are given as a list too, so that claims are found by their keys, whatever the planner thinks of a table
    /// that is nearly empty whenever it is counted. A stamp is minted once: one of the list can only be that of the job
    /// that it was given with.
    /// </remarks>
    internal static string Named<TRow>(Input<TRow> tokens, int first, string more = "") => $"""
        given AS MATERIALIZED (
          SELECT k.job, k.stamp{more} FROM lovage.claim k JOIN {tokens.Rows(first)}
            ON k.job = ANY ({tokens.Parameter(first, "job")}) AND k.job = i.job AND k.stamp = i.stamp)
        """;

    /// <summary>Deletes claims and yields them whole.</summary>
    /// <param name="relation">The claims, by <c>job</c> and <c>stamp</c>.</param>
    /// <param name="more">Further columns of the relation.</param>
    internal static string DeleteNamed(string relation, string more = "") => $"""
        DELETE FROM lovage.claim k USING {relation} g WHERE k.job = ANY (ARRAY(SELECT job FROM {relation}))
          AND k.job = g.job AND k.stamp = g.stamp RETURNING k.*{more}
        """;

    /// <summary>Deletes claims whose rows this statement has locked.</summary>
    /// <param name="relation">The claims, by <c>job</c>.</param>
    internal static string DeleteLocked(string relation) =>
        $"DELETE FROM lovage.claim WHERE job = ANY (ARRAY(SELECT job FROM {relation}))";
}
