namespace Lovage.Dashboard.Streaming;

/// <summary>What one stream wants to hear of.</summary>
/// <param name="Names">Topics, without jobs.</param>
/// <param name="Jobs">Jobs.</param>
internal sealed record StreamTopics(IReadOnlyList<string> Names, IReadOnlyList<JobId> Jobs)
{
    internal const string Overview = "overview";
    internal const string Queues = "queues";
    internal const string JobsChanged = "jobs";
    internal const string Workers = "workers";
    internal const string Schedules = "schedules";
    internal const string Errors = "errors";
    internal const string Operations = "operations";
    internal const string Local = "local";

    /// <summary>The few facts that every page shows: every stream gets them.</summary>
    internal const string Pulse = "pulse";

    /// <summary>A sign of life each ten seconds, which every stream gets.</summary>
    internal const string Beat = "beat";

    private const string JobPrefix = "job:";

    /// <summary>Jobs that one stream may follow.</summary>
    private const int JobsMax = 5;

    private static readonly string[] Known =
        [Overview, Queues, JobsChanged, Workers, Schedules, Errors, Operations, Local];

    /// <summary>Reads topics parted by commas; null or empty for none but those that every stream gets.</summary>
    /// <exception cref="ArgumentException">One is not known, or there are too many jobs.</exception>
    internal static StreamTopics Parse(string? text)
    {
        var names = new List<string> { Pulse, Beat };
        var jobs = new List<JobId>();
        foreach (var topic in (text ?? "").Split(
            ',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (topic is Pulse or Beat)
            {
                continue;
            }

            if (Known.Contains(topic))
            {
                names.Add(topic);
            }
            else if (topic.StartsWith(JobPrefix, StringComparison.Ordinal)
                && JobId.TryParse(topic[JobPrefix.Length..], out var id)
                && jobs.Count < JobsMax)
            {
                jobs.Add(id);
            }
            else
            {
                throw new ArgumentException(
                    $"'{JobNames.Shown(topic)}' is no topic, or one job too many ({JobsMax} at the most). There are: "
                        + $"{string.Join(", ", Known)}, job:id.");
            }
        }

        return new StreamTopics([.. names.Distinct(StringComparer.Ordinal)], [.. jobs.Distinct()]);
    }
}
