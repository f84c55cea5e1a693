namespace Lovage;

/// <summary>
/// How jobs are enqueued and followed; fixed while the app runs. Made from <see cref="LovageOptions"/>, whose defaults
/// stand here; <c>OptionRules</c> says what is allowed.
/// </summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed record ClientSettings
{
    /// <summary>As an app has them that sets nothing.</summary>
    internal static ClientSettings Default { get; } = new();

    /// <inheritdoc cref="LovageOptions.DefaultQueue"/>
    public string DefaultQueue { get; init; } = "default";

    /// <inheritdoc cref="LimitOptions.PayloadBytesMax"/>
    public int PayloadBytesMax { get; init; } = 256 * 1024;

    /// <inheritdoc cref="LimitOptions.EnqueueTimeout"/>
    public TimeSpan EnqueueTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <inheritdoc cref="LimitOptions.EnqueueCallsMax"/>
    public int EnqueueCallsMax { get; init; } = 100_000;

    /// <inheritdoc cref="LimitOptions.WaitCallsMax"/>
    public int WaitCallsMax { get; init; } = 100_000;

    /// <inheritdoc cref="LimitOptions.PendingMax"/>
    public long? PendingMax { get; init; }

    /// <inheritdoc cref="LimitOptions.SchedulesMax"/>
    public long SchedulesMax { get; init; } = 10_000;

    /// <summary>
    /// How often a waiting handle polls when no signal comes; 1 s by default, jittered by half either way. No option
    /// sets it.
    /// </summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);
}
