using Lovage.PostgreSql.Schema;

namespace Lovage.PostgreSql.Writing;

/// <summary>Finds the jobs that a person named, where each stands in one snapshot.</summary>
/// <remarks>
/// A job moves between tables while a statement looks at it: the statement finds it in one of them, and its own change
/// of that place finds it gone. Such a job is neither changed nor refused; the next statement finds it in its new
/// place.
/// </remarks>
internal static class KnownJobs
{
    /// <summary>The relation <c>known</c>, by the ids in parameter 2, which are distinct.</summary>
    internal static string Relation { get; } = $"""
        known AS MATERIALIZED (
          SELECT i.ord, m.key AS job, m.id, m.name, m.queue, m.priority AS own_priority,
            {Priorities.Of("m.priority")} AS priority, coalesce(c.seq, m.key) AS seq, c.due,
            k.job IS NOT NULL AS is_held, ({Sql.State})::smallint AS state
          FROM unnest($2::text[]) WITH ORDINALITY AS i(id, ord) JOIN lovage.message m ON m.id = i.id
            LEFT JOIN lovage.course c ON c.job = m.key LEFT JOIN lovage.claim k ON k.job = m.key ORDER BY m.key)
        """;

    /// <summary>A condition on <c>known k</c>: it has ended.</summary>
    internal static string HaveEnded { get; } = $"k.state {States.HaveEnded}";

    /// <summary>A condition on <c>known k</c>: it stands in a queue, ready or delayed.</summary>
    internal static string Wait { get; } = $"NOT k.is_held AND k.state NOT {States.HaveEnded}";

    /// <summary>A condition on <c>known k</c>: it waits for its time.</summary>
    internal static string AreDelayed { get; } =
        $"NOT k.is_held AND k.state IN ({States.Scheduled}, {States.Retrying})";
}
