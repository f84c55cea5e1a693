using Lovage.Storage;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// The storage's two clocks: wall time for due times and expiry, monotonic time for leases. Both in units of 100 ns.
/// </summary>
internal sealed class StorageClock(TimeProvider time)
{
    /// <summary>Since 1970.</summary>
    internal long Now => StorageTime.From(time.GetUtcNow());

    /// <summary>
    /// Since the host was started, on Linux; at any rate the same for all processes of a host until it is started
    /// again.
    /// </summary>
    internal long Monotonic => time.GetElapsedTime(0, time.GetTimestamp()).Ticks;

    /// <summary>A sum that stops at the end of time instead of running over.</summary>
    internal static long Add(long ticks, TimeSpan span) =>
        span.Ticks > StorageTime.Latest - ticks ? StorageTime.Latest : ticks + span.Ticks;
}
