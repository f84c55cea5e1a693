namespace Lovage.Storage.Plans;

/// <summary>
/// Failures of one cause in the windows that <see cref="FailureGroup"/> shows, made of counts by steps of ten minutes:
/// one rule for every storage.
/// </summary>
/// <remarks>Immutable. A window holds each step that it touches.</remarks>
/// <param name="LastHour">Failures in the last hour.</param>
/// <param name="LastDay">Failures in the last 24 hours: the sum of <paramref name="Hours"/>.</param>
/// <param name="LastWeek">Failures in the last 7 days.</param>
/// <param name="Hours">Failures of the last 24 hours, one number an hour, oldest first.</param>
public sealed record FailureWindows(long LastHour, long LastDay, long LastWeek, IReadOnlyList<long> Hours)
{
    private const int HourCount = 24;

    private static readonly TimeSpan Step = TimeSpan.FromMinutes(10);
    private static readonly long StepsAnHour = TimeSpan.TicksPerHour / Step.Ticks;

    /// <summary>The step that an instant falls into: whole steps since 1970.</summary>
    /// <param name="at">The instant, as <see cref="StorageTime"/> has it.</param>
    public static long StepOf(long at) => at / Step.Ticks;

    /// <summary>The oldest step that is still kept, by <see cref="JobHistory.FailuresKept"/>.</summary>
    /// <param name="now">The storage's clock.</param>
    public static long OldestStep(long now) => StepOf(now - JobHistory.FailuresKept.Ticks);

    /// <summary>Adds counts up.</summary>
    /// <param name="steps">Counts by step, in any order.</param>
    /// <param name="now">The storage's clock.</param>
    public static FailureWindows Of(IEnumerable<(long Step, long Count)> steps, long now)
    {
        ArgumentNullException.ThrowIfNull(steps);
        var current = StepOf(now);
        var oldest = OldestStep(now);
        var hours = new long[HourCount];
        var (hour, day, week) = (0L, 0L, 0L);
        foreach (var (step, count) in steps)
        {
            // A clock that was set back leaves steps that lie ahead.
            var age = Math.Max(0, current - step);
            if (age <= StepsAnHour)
            {
                hour += count;
            }

            if (age <= StepsAnHour * HourCount)
            {
                day += count;
                hours[Math.Max(0, HourCount - 1 - (int)(age / StepsAnHour))] += count;
            }

            if (step >= oldest)
            {
                week += count;
            }
        }

        return new FailureWindows(hour, day, week, hours);
    }
}
