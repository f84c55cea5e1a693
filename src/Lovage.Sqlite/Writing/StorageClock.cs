namespace Lovage.Sqlite.Writing;

/// <summary>The storage's two clocks: wall time for due times and expiry, monotonic time for leases. Both in units of 100 ns.</summary>
internal sealed class StorageClock(TimeProvider time)
{
    /// <summary>Since 1970.</summary>
    internal long Now => FromTime(time.GetUtcNow());

    /// <summary>Since the host was started, on Linux; at any rate the same for all processes of a host until it is started again.</summary>
    internal long Monotonic => time.GetElapsedTime(0, time.GetTimestamp()).Ticks;

    internal static long FromTime(DateTimeOffset time) => time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    internal static long? FromTime(DateTimeOffset? time) => time is { } value ? FromTime(value) : null;

    internal static DateTimeOffset ToTime(long ticks) => new(ticks + DateTimeOffset.UnixEpoch.Ticks, TimeSpan.Zero);

    internal static DateTimeOffset? ToTime(long? ticks) => ticks is { } value ? ToTime(value) : null;

    /// <summary>A sum that stops at the end of time instead of running over.</summary>
    internal static long Add(long ticks, TimeSpan span)
    {
        var latest = DateTimeOffset.MaxValue.Ticks - DateTimeOffset.UnixEpoch.Ticks;
        return span.Ticks > latest - ticks ? latest : ticks + span.Ticks;
    }
}
