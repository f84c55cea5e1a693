using Lovage.Sqlite.Files;
using Lovage.Storage;

namespace Lovage.Sqlite.Life;

/// <summary>
/// The storage's two clocks, both in units of 100 ns: wall time for due times and expiry, monotonic time for leases.
/// </summary>
/// <param name="time">The source of both.</param>
/// <param name="bootId">The host's boot; null to ask the host.</param>
internal sealed class StorageClock(TimeProvider time, string? bootId)
{
    private string? _boot = bootId;

    /// <summary>Since 1970.</summary>
    internal long Now => StorageTime.From(time.GetUtcNow());

    /// <summary>
    /// Since the start of the host, on Linux; at any rate the same for all processes of a host until it starts again.
    /// </summary>
    internal long Monotonic => time.GetElapsedTime(0, time.GetTimestamp()).Ticks;

    /// <summary>The boot within which <see cref="Monotonic"/> can be compared between processes.</summary>
    internal string Boot => _boot ??= Host.BootId();
}
