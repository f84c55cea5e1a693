using Lovage.Dashboard.Api;

namespace Lovage.Dashboard.Views;

/// <summary>What the verdict is made of.</summary>
internal sealed record VerdictFacts
{
    internal required StorageBody Storage { get; init; }

    internal required IReadOnlyList<QueueRow> Queues { get; init; }

    internal required IReadOnlyList<FailureRow> Failures { get; init; }

    internal required IReadOnlyList<ScheduleProblem> Schedules { get; init; }

    internal required long DeadLastHour { get; init; }

    internal required int Workers { get; init; }

    internal required int? WorkersHourAgo { get; init; }
}

/// <summary>
/// The sentence that stands first: the most harmful thing, and how many others there are. Pure: the same facts have the
/// same sentence.
/// </summary>
internal static class Verdict
{
    /// <summary>How long a job may wait before the sentence names its queue.</summary>
    internal static readonly TimeSpan LongWait = TimeSpan.FromMinutes(1);

    /// <summary>How long it may wait before that is bad.</summary>
    internal static readonly TimeSpan BadWait = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a job waits in a queue without a worker before that is told: a worker may be starting.
    /// </summary>
    internal static readonly TimeSpan Unserved = TimeSpan.FromSeconds(5);

    /// <summary>Failures in the last hour from which a group can rise.</summary>
    internal const long RisingMin = 5;

    /// <summary>How many times the usual hour a rising group has failed.</summary>
    internal const double RisingFactor = 3;

    /// <summary>Characters of a job's name in the sentence.</summary>
    private const int NameMax = 48;

    private const string Ok = "ok";
    private const string Notice = "notice";
    private const string Bad = "bad";

    internal static VerdictBody Of(VerdictFacts facts)
    {
        var findings = Findings(facts).ToList();
        if (findings.Count == 0)
        {
            return Calm(facts);
        }

        var (level, parts) = findings[0];
        if (findings.Count > 1)
        {
            parts =
            [
                .. parts,
                new VerdictPart(findings.Count == 2
                    ? " One other thing needs a look."
                    : $" {findings.Count - 1} other things need a look."),
            ];
        }

        return Body(level, parts);
    }

    /// <summary>All that needs a person, the most harmful first.</summary>
    private static IEnumerable<(string Level, IReadOnlyList<VerdictPart> Parts)> Findings(VerdictFacts facts)
    {
        if (!facts.Storage.Up)
        {
            yield return (Bad, [new("The storage", "system"), new($" cannot be reached: {facts.Storage.Error}")]);

            // All the rest is what was known before.
            yield break;
        }

        foreach (var queue in facts.Queues.Where(IsUnserved))
        {
            yield return (Bad, [Link(queue), new($" has waited for {Age(queue)}: no worker serves it.")]);
        }

        foreach (var queue in facts.Queues.Where(queue => !IsUnserved(queue) && IsLong(queue)))
        {
            yield return (
                queue.OldestSeconds >= BadWait.TotalSeconds ? Bad : Notice,
                [
                    new("The oldest job of "),
                    Link(queue),
                    new($" has waited for {Age(queue)}; {Durations.Count(queue.Ready, "job waits", "jobs wait")}."),
                ]);
        }

        foreach (var failure in facts.Failures.Where(static failure =>
            failure.Hour >= RisingMin && failure.Rise >= RisingFactor))
        {
            yield return (
                Notice,
                [
                    new(TypeName(failure), $"errors/{failure.Fingerprint}"),
                    new($" of {Shortened(failure.Job)} is rising: "
                        + $"{Durations.Count(failure.Hour, "failure", "failures")} in the last hour."),
                ]);
        }

        if (facts.DeadLastHour > 0)
        {
            yield return (
                Notice,
                [
                    new(
                        Durations.Count(facts.DeadLastHour, "job was set aside", "jobs were set aside"),
                        "errors?tab=dead"),
                    new(" as dead in the last hour."),
                ]);
        }

        foreach (var schedule in facts.Schedules)
        {
            yield return (
                schedule.Kind == "broken" ? Bad : Notice,
                [new("Schedule "), new(schedule.Id, $"schedules/{schedule.Id}"), new(Said(schedule))]);
        }

        if (facts.WorkersHourAgo > facts.Workers)
        {
            yield return (
                facts.Workers == 0 ? Bad : Notice,
                [
                    new(facts.Workers == 0 ? "No worker" : $"Only {facts.Workers}", "workers"),
                    new(
                        $"{(facts.Workers <= 1 ? " is" : " are")} alive; an hour ago there "
                            + $"{(facts.WorkersHourAgo == 1 ? "was 1" : $"were {facts.WorkersHourAgo}")}."),
                ]);
        }

        foreach (var queue in facts.Queues.Where(static queue => queue.Paused))
        {
            yield return (
                Notice,
                [Link(queue), new(queue.PauseReason is { Length: > 0 } why ? $" is paused: {why}" : " is paused.")]);
        }
    }

    private static bool IsUnserved(QueueRow queue) =>
        !queue.Paused
            && queue.Ready > 0
            && queue.Workers == 0
            && queue.OldestSeconds >= Unserved.TotalSeconds;

    private static bool IsLong(QueueRow queue) => !queue.Paused && queue.OldestSeconds >= LongWait.TotalSeconds;

    private static string Said(ScheduleProblem schedule) => schedule.Kind switch
    {
        "broken" => " is broken: no process can compute when it fires.",
        "late" => " is late: no scheduler has fired its tick.",
        _ => ": its last job failed.",
    };

    private static VerdictBody Calm(VerdictFacts facts)
    {
        var waiting = facts.Queues.Where(static queue => queue.Ready > 0).ToList();
        if (waiting.Count == 0)
        {
            return Body(Ok, [new("Nothing is waiting.")]);
        }

        var oldest = waiting.MaxBy(static queue => queue.OldestSeconds)!;
        return Body(
            Ok,
            [
                new(facts.Queues.Count == 1 ? "The queue is moving." : $"All {facts.Queues.Count} queues are moving."),
                new($" The oldest waiting job has waited {Age(oldest)} ("),
                Link(oldest),
                new(")."),
            ]);
    }

    private static VerdictPart Link(QueueRow queue) => new(queue.Name, $"queues/{Uri.EscapeDataString(queue.Name)}");

    /// <summary>The type of the error without its namespace.</summary>
    private static string TypeName(FailureRow failure) => failure.Type[(failure.Type.LastIndexOf('.') + 1)..];

    /// <summary>A long name loses its middle, so that the sentence stays one.</summary>
    private static string Shortened(string name) =>
        name.Length <= NameMax ? name : $"{name[..(NameMax / 2)]}…{name[^((NameMax / 2) - 1)..]}";

    private static string Age(QueueRow queue) => Durations.Of(TimeSpan.FromSeconds(queue.OldestSeconds ?? 0));

    private static VerdictBody Body(string level, IReadOnlyList<VerdictPart> parts) =>
        new(level, string.Concat(parts.Select(static part => part.Text)), parts);
}
