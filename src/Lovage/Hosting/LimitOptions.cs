namespace Lovage;

/// <summary>What is refused, as in the section <c>Lovage:Limits</c>.</summary>
public sealed class LimitOptions
{
    /// <summary>Bytes of one job's arguments at the most, 1,024 to 67,108,864; 262,144 (256 KiB) by default.</summary>
    public int PayloadBytesMax { get; set; } = ClientRules.PayloadBytesMax.Default;

    /// <summary>How long enqueuing may take, 50 ms to 5 min; 2 s by default.</summary>
    public TimeSpan EnqueueTimeout { get; set; } = ClientRules.EnqueueTimeout.Default;

    /// <summary>
    /// Calls of <see cref="JobClient.EnqueueAsync(Job, CancellationToken)"/> that may wait for the storage at once, 1
    /// to 10,000,000; 100,000 by default. One more is refused.
    /// </summary>
    public int EnqueueCallsMax { get; set; } = ClientRules.EnqueueCallsMax.Default;

    /// <summary>
    /// Calls of <see cref="JobHandle.WaitAsync"/> that may wait at once, 1 to 10,000,000; 100,000 by default. One more
    /// is refused.
    /// </summary>
    public int WaitCallsMax { get; set; } = ClientRules.WaitCallsMax.Default;

    /// <summary>
    /// Jobs that may wait in one queue, delayed ones included, 1 to 1,000,000,000; null (the default) for any number.
    /// Several processes together may exceed it by what they add in 250 ms.
    /// </summary>
    public long? PendingMax { get; set; }

    /// <summary>
    /// Schedules that the storage may hold before one more is refused, 1 to 10,000,000; 10,000 by default. Schedules in
    /// code are never refused.
    /// </summary>
    public long SchedulesMax { get; set; } = ClientRules.SchedulesMax.Default;
}
