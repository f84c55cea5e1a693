namespace Lovage.Redis.Texts;

/// <summary>The letters of scripts for states.</summary>
internal static class States
{
    internal static JobState Of(char letter) => letter switch
    {
        'q' => JobState.Queued,
        's' => JobState.Scheduled,
        'r' or 'R' => JobState.Retrying,
        'u' => JobState.Running,
        'S' => JobState.Succeeded,
        'F' => JobState.Failed,
        'C' => JobState.Cancelled,
        'X' => JobState.Expired,
        'D' => JobState.Dead,
        _ => throw new FormatException("No state."),
    };

    internal static char Letter(JobState state) => state switch
    {
        JobState.Queued => 'q',
        JobState.Scheduled => 's',
        JobState.Retrying => 'r',
        JobState.Running => 'u',
        JobState.Succeeded => 'S',
        JobState.Failed => 'F',
        JobState.Cancelled => 'C',
        JobState.Expired => 'X',
        _ => 'D',
    };
}
