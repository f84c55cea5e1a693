using Lovage.PostgreSql.Schema;

namespace Lovage.PostgreSql.Life;

/// <summary>The verb <em>end a job</em>: its last state, when and why, and the counters of ends.</summary>
internal static class EndJob
{
    /// <summary>Over jobs with their <c>state</c>; its time and reason are null while a job has not ended.</summary>
    internal static CourseColumn[] Columns { get; } =
    [
        new("state", "o.state"),
        new("finished_at", "o.finished_at"),
        new("reason", "o.reason"),
    ];

    /// <summary>The counters of ends, over jobs with their <c>state</c>.</summary>
    internal static (string Column, string Value)[] Counts { get; } =
    [
        ("succeeded", Tally.Where($"state = {States.Succeeded}")),
        ("failed", Tally.Where($"state = {States.Failed}")),
        ("cancelled", Tally.Where($"state = {States.Cancelled}")),
        ("expired", Tally.Where($"state = {States.Expired}")),
        ("dead", Tally.Where($"state = {States.Dead}")),
        ("kept", Tally.Where($"state {States.HaveEnded}")),
    ];

    /// <summary>
    /// Cancels jobs that have left their places, as relations <c>over</c>, <c>ended</c> and <c>counted</c>.
    /// </summary>
    /// <param name="gone">The jobs: <c>job</c>, <c>queue</c>, <c>name</c>, and <c>was_ready</c> or was delayed.</param>
    /// <param name="reason">Why, as an expression.</param>
    internal static string CancelWaiting(string gone, string reason) => $"""
        over AS MATERIALIZED (
          SELECT g.*, {States.Cancelled} AS state, clock.now AS finished_at, {reason} AS reason
          FROM {gone} g CROSS JOIN clock),
        ended AS ({CourseWrite.Upsert("over", "true", Columns)}),
        counted AS ({Tally.Of(
            "over",
            [("ready", Tally.MinusWhere("was_ready")), ("delayed", Tally.MinusWhere("NOT was_ready")), .. Counts])})
        """;
}
