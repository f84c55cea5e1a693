using Lovage.PostgreSql.Schema;

namespace Lovage.PostgreSql.Life;

/// <summary>
/// The verb <em>keep an attempt</em>: the newest attempt stands in <c>course</c>, the ones before it in <c>attempt</c>.
/// </summary>
internal static class KeepAttempt
{
    private static readonly CourseColumn[] NoOffers =
    [
        new("offers", "NULL", CourseRows.Known),
        new("first_offer_at", "NULL", CourseRows.Known),
        new("asked", "NULL", CourseRows.Known),
    ];

    /// <summary>The attempt whose outcome a worker wrote, over the relation of outcomes.</summary>
    internal static CourseColumn[] Outcome { get; } =
    [
        new("attempts", "o.attempts + 1"),
        new("number", "o.number"),
        new("ended_as", "o.ended_as"),
        new("started_at", "o.started_at"),
        new("duration", "o.duration"),
        new("wait", "o.wait"),
        new("worker", "o.worker"),
        new("stamp", "o.stamp"),
        new("error", "o.error"),
        new("logs", "o.logs"),
        new("turned", $"CASE WHEN o.fails AND o.state = {States.Cancelled} THEN true END"),
        .. NoOffers,
    ];

    /// <summary>
    /// The attempt of a claim that ended without an outcome, over ended claims with the time as <c>now</c>.
    /// </summary>
    /// <param name="end">How it ended.</param>
    internal static CourseColumn[] Lost(string end) =>
    [
        new("attempts", "o.attempts + 1"),
        new("number", "o.attempts + 1"),
        new("ended_as", end),
        new("started_at", "o.started_at"),
        new("duration", "greatest(o.now - o.started_at, 0)"),
        new("worker", "o.owner"),
        new("stamp", "o.stamp"),
        new("wait", "NULL", CourseRows.Known),
        new("error", "NULL", CourseRows.Known),
        new("logs", "NULL", CourseRows.Known),
        new("turned", "NULL", CourseRows.Known),
    ];

    /// <summary>A start, or a person, makes earlier offers worth nothing.</summary>
    internal static CourseColumn[] ForgetOffers => NoOffers;

    /// <summary>Moves the attempt that stood in <c>course</c> out of the way of the next one.</summary>
    /// <param name="relation">The jobs, with <c>job</c> and the number of their <c>attempts</c> so far.</param>
    /// <param name="condition">Which of them, over <c>o</c>.</param>
    /// <remarks>Row by row (OFFSET 0), and only for jobs that had an attempt: most never have a second one.</remarks>
    internal static string Archive(string relation, string condition = "true") => $"""
        INSERT INTO lovage.attempt(job, ordinal, number, ended_as, started_at, duration, wait, worker, stamp, error,
          logs)
          SELECT c.job, c.attempts, c.number, c.ended_as, c.started_at, c.duration, c.wait, c.worker, c.stamp, c.error,
            c.logs
          FROM {relation} o CROSS JOIN LATERAL (SELECT * FROM lovage.course c
            WHERE c.job = o.job AND {condition} AND o.attempts > 0 AND c.ended_as IS NOT NULL OFFSET 0) c
        """;
}
