using System.Buffers;

namespace Lovage;

/// <summary>A schedule as the code of an app defines it.</summary>
/// <remarks>Immutable once added.</remarks>
public sealed class ScheduleDefinition
{
    private const int IdLengthMax = 128;

    private static readonly SearchValues<char> IdCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-");

    /// <summary>Defines a schedule.</summary>
    /// <param name="id">Its id: 1 to 128 characters of <c>A-Z a-z 0-9 . _ : -</c>, unique in the storage.</param>
    /// <param name="trigger">When.</param>
    /// <param name="job">What, without an id, a due time of its own or a delay.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="ArgumentException">The id is not valid, or the job has an id, a due time or a
    /// delay.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option lies outside its range.</exception>
    public ScheduleDefinition(string id, Trigger trigger, Job job, ScheduleOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(trigger);
        ArgumentNullException.ThrowIfNull(job);
        Id = CheckId(id);
        Trigger = trigger;
        Job = CheckJob(id, job);
        Options = options ?? new ScheduleOptions();
        _ = Options.Policy();
    }

    /// <summary>Its id.</summary>
    public string Id { get; }

    /// <summary>When.</summary>
    public Trigger Trigger { get; }

    /// <summary>What.</summary>
    public Job Job { get; }

    /// <summary>How.</summary>
    public ScheduleOptions Options { get; }

    /// <exception cref="TriggerException">Its expression or time zone is not valid.</exception>
    internal static ScheduleDefinition Of(JobSchedule schedule) => new(
        schedule.Id,
        Cron.Parse(schedule.Cron, schedule.TimeZone),
        schedule.Job,
        ScheduleOptions.Of(schedule.Policy, schedule.EveryNode ? ScheduleTarget.EveryNode : ScheduleTarget.Cluster));

    /// <summary>True for what can be the id of a schedule.</summary>
    /// <param name="id">The text.</param>
    public static bool IsId(string? id) =>
        id is { Length: >= 1 and <= IdLengthMax } && !id.AsSpan().ContainsAnyExcept(IdCharacters);

    internal static string CheckId(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return IsId(id)
            ? id
            : throw new ArgumentException(
                $"'{JobNames.Shown(id)}' is no id of a schedule: 1 to {IdLengthMax} characters of A-Z a-z 0-9 . _ : - "
                    + "are.",
                nameof(id));
    }

    internal static Job CheckJob(string id, Job job) => job.Id is null && job.At is null && job.Delay is null
        ? job
        : throw new ArgumentException(
            $"The job of schedule '{id}' has an id, a due time or a delay of its own. Each tick enqueues a new job at "
                + "its own time; leave them out.",
            nameof(job));
}
