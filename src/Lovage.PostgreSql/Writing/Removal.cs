using Lovage.PostgreSql.Life;

namespace Lovage.PostgreSql.Writing;

/// <summary>Removes ended jobs with all that is known of them.</summary>
internal static class Removal
{
    /// <summary>The relations that remove jobs; <c>gone</c> among them has a row a job.</summary>
    /// <param name="relation">The jobs, by <c>job</c>, their courses locked.</param>
    internal static string Of(string relation) => $"""
        unattempted AS (DELETE FROM lovage.attempt a WHERE a.job IN (SELECT job FROM {relation})),
        uncoursed AS (DELETE FROM lovage.course c WHERE c.job IN (SELECT job FROM {relation})),
        gone AS (DELETE FROM lovage.message m WHERE m.key IN (SELECT job FROM {relation}) RETURNING m.queue, m.key,
          m.more),
        untagged AS (DELETE FROM lovage.tag WHERE ctid = ANY (ARRAY(
          SELECT t.ctid FROM gone g CROSS JOIN LATERAL {Tags.Of("g.more")} AS e(tag)
            CROSS JOIN LATERAL (SELECT t.ctid FROM lovage.tag t WHERE t.tag = e.tag AND t.job = g.key OFFSET 0) t
          WHERE {Tags.MayBeIn("g.more")}))),
        counted AS ({Tally.OfQueue("gone", ("kept", Tally.MinusRows))})
        """;
}
