using Lovage.PostgreSql.Schema;
using Lovage.Storage.Columns;

namespace Lovage.PostgreSql.Reading;

/// <summary>
/// Where a query looks for its jobs: SQL that yields keys, newest first, of all jobs that may match.
/// </summary>
/// <param name="Sql">
/// Over $1, the key below which it begins, $2, the lowest key, and $3, how many more than one it yields at the most.
/// </param>
/// <param name="Low">The lowest key that it reaches.</param>
/// <param name="IsExact">True when each job that it yields matches.</param>
/// <param name="GoesOn">True when more jobs below that may match.</param>
internal sealed record KeySource(string Sql, long Low, bool IsExact, bool GoesOn = false)
{
    private const string Bounds = "ORDER BY key DESC LIMIT $3 + 1";

    /// <summary>All jobs.</summary>
    /// <param name="condition">Conditions over <c>message m</c>, each with an AND before it.</param>
    internal static string OfMessages(string condition) =>
        $"SELECT m.key FROM lovage.message m WHERE m.key < $1 AND m.key >= $2{condition} {Bounds}";

    /// <summary>Jobs with a mark; with a root also the root itself.</summary>
    /// <param name="kind">The kind of the mark.</param>
    /// <param name="text">Its text, as an expression.</param>
    internal static string OfMark(string kind, string text)
    {
        var marked = $"""
            SELECT job AS key FROM lovage.mark WHERE kind = {kind} AND text = {text} AND job < $1 AND job >= $2 {Bounds}
            """;
        return kind != Marks.Root ? marked : $"""
            SELECT key FROM (({marked}) UNION SELECT key FROM lovage.message WHERE id = {text} AND key < $1
              AND key >= $2) u {Bounds}
            """;
    }

    /// <summary>Jobs whose newest failed attempt has a fingerprint.</summary>
    /// <param name="fingerprint">The fingerprint, as an expression.</param>
    internal static string OfFingerprint(string fingerprint) => $"""
        SELECT job AS key FROM lovage.course WHERE fingerprint = {fingerprint} AND job < $1 AND job >= $2 {Bounds}
        """;

    /// <summary>Jobs that may be in one of the states, none of which is Succeeded.</summary>
    internal static string OfStates(IEnumerable<JobState> states) =>
        $"SELECT key FROM ({string.Join(" UNION ", states.Select(OfState))}) u {Bounds}";

    /// <summary>Jobs in blocks, by their messages.</summary>
    /// <param name="blocks">The blocks, newest first, as an expression.</param>
    /// <param name="condition">Conditions over <c>message m</c>, each with an AND before it.</param>
    internal static string OfMessageBlocks(string blocks, string condition) => OfBlocks(blocks, $"""
        SELECT m.key FROM lovage.message m WHERE {Blocks.Holds("b.block", "m.key")} AND m.key < $1 AND m.key >= $2
          {condition}
        """);

    /// <summary>Succeeded jobs in blocks.</summary>
    /// <param name="blocks">The blocks, newest first, as an expression.</param>
    internal static string OfSucceededBlocks(string blocks) => OfBlocks(blocks, $"""
        SELECT c.job AS key FROM lovage.course c WHERE {Blocks.Holds("b.block", "c.job")} AND c.job < $1 AND c.job >= $2
          AND c.state = {States.Succeeded}
        """);

    /// <summary>Jobs in blocks that a worker runs or ran last.</summary>
    /// <param name="blocks">The blocks, newest first, as an expression.</param>
    /// <param name="worker">The worker's number, as an expression.</param>
    /// <param name="condition">Conditions over <c>course c</c>, each with an AND before it.</param>
    internal static string OfWorkerBlocks(string blocks, string worker, string condition) => OfBlocks(blocks, $"""
        SELECT c.job AS key FROM lovage.course c WHERE {Blocks.Holds("b.block", "c.job")} AND c.job < $1 AND c.job >= $2
          AND c.worker = {worker}{condition} AND NOT EXISTS (
            SELECT 1 FROM lovage.claim k WHERE k.job = c.job AND k.started_at IS NOT NULL)
        UNION SELECT k.job FROM lovage.claim k WHERE {Blocks.Holds("b.block", "k.job")} AND k.job < $1 AND k.job >= $2
          AND k.owner = {worker} AND k.started_at IS NOT NULL
        """);

    // Block by block, newest first: a sort of all would read all.
    private static string OfBlocks(string blocks, string keys) => $"""
        SELECT s.key FROM unnest({blocks}) b(block) CROSS JOIN LATERAL (
          SELECT t.key FROM ({keys}) t ORDER BY t.key DESC OFFSET 0) s LIMIT $3 + 1
        """;

    private static string OfState(JobState state) => state switch
    {
        JobState.Running => $"""
            (SELECT job AS key FROM lovage.claim WHERE started_at IS NOT NULL AND job < $1 AND job >= $2 {Bounds})
            """,
        JobState.Queued => $"""
            (SELECT job AS key FROM (SELECT job FROM lovage.ready UNION ALL SELECT job FROM lovage.claim
              WHERE started_at IS NULL) q WHERE job < $1 AND job >= $2 {Bounds})
            """,
        _ => $"""
            (SELECT job AS key FROM lovage.course WHERE state = {StoredNumbers.Of(state)} AND job < $1 AND job >= $2
              {Bounds})
            """,
    };
}
