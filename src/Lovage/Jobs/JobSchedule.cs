using System.ComponentModel;

namespace Lovage.Generated;

/// <summary>
/// A schedule that a handler carries (<see cref="ScheduleAttribute"/>), as the generator writes it into the catalog of
/// its assembly.
/// </summary>
/// <param name="Id">The schedule's id.</param>
/// <param name="Cron">The cron expression.</param>
/// <param name="TimeZone">The IANA id of its time zone.</param>
/// <param name="Job">What each tick enqueues.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed record JobSchedule(string Id, string Cron, string TimeZone, Job Job)
{
    /// <summary>True to run on every node for itself.</summary>
    public bool EveryNode { get; init; }

    /// <summary>How it treats late ticks, overlaps and ticks of the same minute.</summary>
    public SchedulePolicy Policy { get; init; } = new();
}
