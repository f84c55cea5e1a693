using Lovage.PostgreSql.Schema;

namespace Lovage.PostgreSql.Life;

/// <summary>
/// The verb <em>place</em>: gives jobs a place in a queue, ready or delayed, or takes them out of one.
/// </summary>
internal static class Place
{
    /// <summary>Gives jobs a place among those that could run now.</summary>
    /// <param name="from">The jobs, with conditions; it has their <c>queue</c>.</param>
    /// <param name="priority">Their priority of 0 to 9.</param>
    /// <param name="seq">Their place: a new ticket for the back, the one they had for the front.</param>
    /// <param name="job">Their key.</param>
    /// <param name="again">Whether <c>course</c> has a row of them.</param>
    /// <param name="readyAt">When they became ready; null for jobs that are ready from when they were stored.</param>
    /// <param name="lane">Their lane.</param>
    internal static string Ready(
        string from,
        string priority = "priority",
        string seq = "seq",
        string job = "job",
        string again = "true",
        string? readyAt = null,
        string lane = Lanes.Ordinary) => $"""
        INSERT INTO lovage.ready(queue, lane, priority, seq, job, again{(readyAt is null ? "" : ", ready_at")})
          SELECT queue, {lane}, {priority}, {seq}, {job}, {again}{(readyAt is null ? "" : $", {readyAt}")} FROM {from}
        """;

    /// <summary>Makes jobs wait for their time.</summary>
    /// <param name="from">The jobs, with conditions; it has their <c>queue</c> and <c>due</c> time.</param>
    /// <param name="priority">Their priority of 0 to 9.</param>
    /// <param name="job">Their key.</param>
    internal static string Delayed(string from, string priority = "priority", string job = "job") => $"""
        INSERT INTO lovage.delayed(queue, due, job, priority) SELECT queue, due, {job}, {priority} FROM {from}
        """;

    /// <summary>Takes jobs out of their place among the ready ones.</summary>
    /// <param name="relation">The jobs, with <c>queue</c>, <c>priority</c> and <c>seq</c>.</param>
    /// <param name="condition">Which of them, over <c>k</c>.</param>
    internal static string LeaveReady(string relation, string condition) => $"""
        DELETE FROM lovage.ready r USING {relation} k WHERE {condition} AND r.queue = k.queue AND r.lane IN {Lanes.All}
          AND r.priority = k.priority AND r.seq = k.seq RETURNING r.job, r.lane, r.ready_at
        """;

    /// <summary>Takes jobs out of their place among the delayed ones.</summary>
    /// <param name="relation">The jobs, with <c>queue</c>, <c>due</c> and <c>job</c>.</param>
    /// <param name="condition">Which of them, over <c>k</c>.</param>
    internal static string LeaveDelayed(string relation, string condition = "true") => $"""
        DELETE FROM lovage.delayed d USING {relation} k WHERE {condition} AND d.queue = k.queue AND d.due = k.due
          AND d.job = k.job RETURNING d.job
        """;
}
