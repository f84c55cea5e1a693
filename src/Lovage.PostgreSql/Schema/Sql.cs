namespace Lovage.PostgreSql.Schema;

/// <summary>Pieces that several statements share.</summary>
internal static class Sql
{
    /// <summary>The time in units of 100 ns since 1970: parameter 1, or the server's clock when that is null.</summary>
    internal const string Now = "coalesce($1::bigint, (extract(epoch FROM clock_timestamp()) * 10000000)::bigint)";

    /// <summary>The time, read once a statement, as the one row of a relation <c>clock</c>.</summary>
    internal const string Clock = $"clock AS MATERIALIZED (SELECT {Now} AS now)";

    /// <summary>Those of the queues in parameter 2 that are not paused, in the order given.</summary>
    internal const string OpenQueues = """
        open AS MATERIALIZED (
          SELECT a.id, a.ord FROM unnest($2::integer[]) WITH ORDINALITY a(id, ord)
          WHERE NOT EXISTS (SELECT 1 FROM lovage.queue p WHERE p.id = a.id AND p.pause_reason IS NOT NULL)
            ORDER BY a.ord)
        """;

    /// <summary>A condition on <c>schedule_open o</c>: its job is there and has not ended.</summary>
    internal static string IsUnfinished { get; } = $"""
        EXISTS (SELECT 1 FROM lovage.message j LEFT JOIN lovage.course c ON c.job = j.key
          WHERE j.key = o.job AND (c.state IS NULL OR c.state NOT {States.HaveEnded}))
        """;

    /// <summary>
    /// Where a job stands, as an expression over <c>course c</c> and <c>claim k</c>, each null where there is none.
    /// </summary>
    internal static string State { get; } = $"""
        CASE WHEN k.job IS NULL THEN coalesce(c.state, {States.Queued})
          WHEN k.started_at IS NULL THEN {States.Queued} ELSE {States.Running} END
        """;
}
