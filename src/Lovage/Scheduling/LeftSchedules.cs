using Lovage.Storage;

namespace Lovage.Scheduling;

/// <summary>
/// The due schedules that this process leaves to other nodes, because it cannot compute their triggers: it lacks the
/// zone files, or it is of a version that does not know the kind of trigger.
/// </summary>
/// <param name="time">Measures how long none has fired one.</param>
/// <param name="report">Writes the log.</param>
internal sealed class LeftSchedules(TimeProvider time, SchedulerReport report)
{
    /// <summary>
    /// A due schedule that stays unchanged for so long is one that no running node can compute. A schedule that is not
    /// stored as broken would stay among the due ones, before those that this process can fire.
    /// </summary>
    private static readonly TimeSpan PatienceForOthers = TimeSpan.FromSeconds(30);

    private const int Max = 10_000;

    private readonly Dictionary<string, Left> _left = new(StringComparer.Ordinal);

    /// <summary>Leaves a due schedule to others, and says so once.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="why">Why its trigger cannot be computed here.</param>
    /// <returns>True when no other node has fired it either: it is broken.</returns>
    internal bool Leave(ScheduleRecord schedule, string why)
    {
        if (!_left.TryGetValue(schedule.Id, out var known) || known.Trigger != schedule.Trigger)
        {
            report.Left(schedule.Id, why);
        }
        else if (known.Version == schedule.Version)
        {
            return time.GetElapsedTime(known.Since) >= PatienceForOthers;
        }

        if (_left.Count >= Max)
        {
            _left.Clear();
        }

        _left[schedule.Id] = new Left(schedule.Trigger, schedule.Version, time.GetTimestamp());
        return false;
    }

    private readonly record struct Left(string Trigger, long Version, long Since);
}
