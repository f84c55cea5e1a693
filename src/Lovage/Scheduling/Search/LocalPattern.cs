namespace Lovage.Scheduling;

/// <summary>
/// Which times of a calendar and clock fire, in any time zone. Times are whole seconds since 0001-01-01 00:00.
/// </summary>
/// <remarks>Immutable.</remarks>
internal abstract class LocalPattern
{
    internal const long SecondsInDay = 86_400;

    /// <summary>
    /// The last year in which a trigger fires: far enough from the end of the calendar for every zone.
    /// </summary>
    internal const int YearMax = 9_998;

    /// <summary>
    /// True when an hour that the clock repeats fires twice; false when a time of the day fires once.
    /// </summary>
    internal abstract bool RepeatsWithTheClock { get; }

    /// <summary>The first time that fires at or after this one; null when there is none.</summary>
    internal abstract long? AtOrAfter(long local);

    protected static DateTime DateOf(long day) => new(day * TimeSpan.TicksPerDay);

    protected static long DayOf(DateTime date) => date.Ticks / TimeSpan.TicksPerDay;
}
