using Lovage.PostgreSql.Schema;

namespace Lovage.PostgreSql.Life;

/// <summary>Lines of <c>tally</c> as rows of <c>hour</c>: counts and two histograms by hour, queue and name.</summary>
internal static class HourSums
{
    /// <summary>The longest span there is, in units of 100 ns.</summary>
    private const string Longest = "9223372036854775807";

    /// <summary>The columns of <c>hour</c> that add up.</summary>
    internal static string[] Counts { get; } =
    [
        "enqueued", "succeeded", "failed", "retried", "cancelled", "expired", "dead", "wait_total", "run_total",
    ];

    /// <summary>All columns of <c>hour</c>.</summary>
    internal static string Columns { get; } = $"hour, queue, name, {string.Join(", ", Counts)}, waits, runs";

    /// <summary>The relations that add lines up; the last one is <c>summed</c>, with <see cref="Columns"/>.</summary>
    /// <param name="lines">The lines.</param>
    /// <remarks>
    /// A histogram is one array from bucket 0 to its last that is not empty; it is null when it is empty.
    /// </remarks>
    internal static string Of(string lines) => $"""
        counts AS (
          SELECT hour, queue, name, {string.Join(", ", Counts.Select(Sum))}
          FROM {lines} WHERE hour IS NOT NULL GROUP BY hour, queue, name),
        pairs AS MATERIALIZED (
          SELECT hour, queue, name, bucket, count(*) AS n FROM (
            SELECT hour, queue, name, unnest(buckets) AS bucket FROM {lines}) l
          GROUP BY hour, queue, name, bucket),
        buckets AS MATERIALIZED (
          SELECT hour, queue, name, is_wait, place, sum(n)::bigint AS n FROM (
            SELECT hour, queue, name, false AS is_wait, bucket % {Buckets.Size} - 1 AS place, n FROM pairs
            UNION ALL SELECT hour, queue, name, true, bucket / {Buckets.Size} - 1, n FROM pairs) s
          WHERE place >= 0 GROUP BY hour, queue, name, is_wait, place),
        histograms AS (
          SELECT t.hour, t.queue, t.name, t.is_wait, array_agg(coalesce(b.n, 0) ORDER BY g.place) AS counts
          FROM (SELECT hour, queue, name, is_wait, max(place) AS last FROM buckets
            GROUP BY hour, queue, name, is_wait) t
          CROSS JOIN LATERAL generate_series(0, t.last) g(place) LEFT JOIN buckets b ON b.hour = t.hour
            AND b.queue = t.queue AND b.name = t.name AND b.is_wait = t.is_wait AND b.place = g.place
          GROUP BY t.hour, t.queue, t.name, t.is_wait),
        summed AS (
          SELECT c.*, w.counts AS waits, r.counts AS runs FROM counts c
          LEFT JOIN histograms w ON w.hour = c.hour AND w.queue = c.queue AND w.name = c.name AND w.is_wait
          LEFT JOIN histograms r ON r.hour = c.hour AND r.queue = c.queue AND r.name = c.name AND NOT r.is_wait)
        """;

    /// <summary>The sum of durations, of which a negative one counts as zero.</summary>
    /// <param name="duration">A duration in units of 100 ns.</param>
    /// <param name="filter">Which of them.</param>
    internal static string Total(string duration, string filter = "") =>
        $"least(coalesce(sum(greatest({duration}, 0)) {filter}, 0), {Longest})";

    /// <summary>The sum of two histograms, each of which may be null or shorter.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    internal static string Add(string left, string right) => $"""
        (SELECT array_agg(coalesce(a.l, 0) + coalesce(a.r, 0) ORDER BY a.ord)
          FROM unnest({left}, {right}) WITH ORDINALITY AS a(l, r, ord))
        """;

    /// <summary>The sum of two counts. That of durations stays at the longest span, instead of running over.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    internal static string AddCount(string left, string right) => $"least({left}::numeric + {right}, {Longest})";

    private static string Sum(string column) => $"least(coalesce(sum({column}), 0), {Longest})::bigint AS {column}";
}
