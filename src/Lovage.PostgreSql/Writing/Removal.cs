using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;

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
        unmarked AS ({Marks.Delete("gone")}),
        counted AS ({Tally.OfRemoved("gone")})
        """;
}
