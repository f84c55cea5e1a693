namespace Lovage;

/// <summary>How jobs are enqueued; fixed while the app runs. Made from <see cref="LovageOptions"/>.</summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed record ClientSettings
{
    /// <summary>The queue of a job for which neither caller nor handler names one; <c>default</c> by default.</summary>
    public string DefaultQueue { get; init; } = "default";

    /// <summary>Bytes of one job's arguments at the most, 1 KiB to 64 MiB; 256 KiB by default.</summary>
    public int PayloadBytesMax { get; init; } = 256 * 1024;

    /// <summary>How long enqueuing may take, 50 ms to 5 min; 2 s by default.</summary>
    public TimeSpan EnqueueTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Jobs that may wait in one queue, scheduled ones included, 1 to 1,000,000,000; null (the default) for any number.
    /// </summary>
    public long? PendingMax { get; init; }

    /// <summary>
    /// Schedules that the storage may hold before one more is refused, 1 to 10,000,000; 10,000 by default.
    /// </summary>
    public long SchedulesMax { get; init; } = 10_000;

    /// <summary>
    /// How often a waiting handle looks for itself when no signal comes, 10 ms to 1 min; 1 s by default, jittered by
    /// half either way.
    /// </summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);
}
