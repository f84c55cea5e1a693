using System.Globalization;

namespace Lovage.PostgreSql.Schema;

/// <summary>Pieces that several statements share.</summary>
internal static class Sql
{
    /// <summary>
    /// The server's clock, read once a statement, in a row named <c>clock</c>. Parameter 1 takes its place in tests;
    /// everywhere else it is null.
    /// </summary>
    internal const string Clock =
        "clock AS MATERIALIZED (SELECT coalesce($1::bigint, (extract(epoch FROM clock_timestamp()) * "
            + "10000000)::bigint) AS now)";

    /// <summary>Those of the queues in parameter 2 that are not paused, in the order given.</summary>
    internal const string OpenQueues = """
        open AS MATERIALIZED (
          SELECT a.id, a.ord FROM unnest($2::integer[]) WITH ORDINALITY a(id, ord)
          WHERE NOT EXISTS (SELECT 1 FROM lovage.queue p WHERE p.id = a.id AND p.pause_reason IS NOT NULL)
            ORDER BY a.ord)
        """;

    /// <summary>
    /// What a job's newest attempt leaves behind when another one takes its place; of <c>course c</c>.
    /// </summary>
    internal const string Archive = """
        INSERT INTO lovage.attempt(job, ordinal, number, ended_as, started_at, duration, worker, stamp, error, logs)
        SELECT c.job, c.attempts, c.number, c.ended_as, c.started_at, c.duration, c.worker, c.stamp, c.error, c.logs
        """;

    /// <summary>A condition on <c>schedule_open o</c>: its job is there and has not ended.</summary>
    internal static readonly string IsUnfinished =
        "EXISTS (SELECT 1 FROM lovage.message j LEFT JOIN lovage.course c ON c.job = j.key WHERE j.key = o.job AND "
            + $"(c.state IS NULL OR c.state NOT IN ({FinalStates})))";

    /// <summary>The numbers of the states in which a job has ended.</summary>
    internal static string FinalStates =>
        string.Join(", ", Enum.GetValues<JobState>()
            .Where(static state => state.IsFinal)
            .Select(static state => ((int)state).ToString(CultureInfo.InvariantCulture)));
}
