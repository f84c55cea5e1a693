namespace Lovage;

/// <summary>What is refused at enqueue, as in the section <c>Lovage:Limits</c>.</summary>
public sealed class LimitOptions
{
    /// <summary>Bytes of one job's arguments at the most, 1,024 to 67,108,864; 262,144 (256 KiB) by default.</summary>
    public int PayloadBytesMax { get; set; } = 256 * 1024;

    /// <summary>How long enqueuing may take, 50 ms to 5 min; 2 s by default.</summary>
    public TimeSpan EnqueueTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Jobs that may wait in one queue, scheduled ones included, 1 to 1,000,000,000; null (the default) for any number.
    /// Several processes together may go over it by what they add in 250 ms.
    /// </summary>
    public long? PendingMax { get; set; }

    /// <summary>
    /// Schedules that the storage may hold before one more is refused, 1 to 10,000,000; 10,000 by default. Those in
    /// code are not refused.
    /// </summary>
    public long SchedulesMax { get; set; } = 10_000;
}
