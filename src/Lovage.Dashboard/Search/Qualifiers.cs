namespace Lovage.Dashboard.Search;

/// <summary>The words before the colon, and which of them a storage answers.</summary>
internal static class Qualifiers
{
    private static readonly (string Word, JobQualifiers Needs)[] Table =
    [
        ("id", JobQualifiers.None),
        ("state", JobQualifiers.State),
        ("queue", JobQualifiers.Queue),
        ("name", JobQualifiers.Name),
        ("worker", JobQualifiers.Worker),
        ("since", JobQualifiers.Time),
        ("until", JobQualifiers.Time),
        ("root", JobQualifiers.Root),
        ("schedule", JobQualifiers.Schedule),
        ("fingerprint", JobQualifiers.Fingerprint),
        ("tag", JobQualifiers.Tag),
        ("args", JobQualifiers.Arguments),
    ];

    /// <summary>Those that the storage answers.</summary>
    internal static IReadOnlyList<string> Of(JobQualifiers qualifiers) =>
        [.. Table.Where(row => (qualifiers & row.Needs) == row.Needs).Select(static row => row.Word)];
}

/// <summary>The states as the API writes them.</summary>
internal static class StateWords
{
    private static readonly string[] All = [.. Enum.GetValues<JobState>().Select(Of)];

    internal static IReadOnlyList<string> Words => All;

    internal static string Of(JobState state) => state switch
    {
        JobState.Scheduled => "scheduled",
        JobState.Queued => "queued",
        JobState.Running => "running",
        JobState.Retrying => "retrying",
        JobState.Succeeded => "succeeded",
        JobState.Failed => "failed",
        JobState.Cancelled => "cancelled",
        JobState.Expired => "expired",
        _ => "dead",
    };

    internal static JobState? Find(string word) =>
        Array.IndexOf(All, word) is >= 0 and var index ? (JobState)index : null;
}
