namespace Lovage;

/// <summary>
/// How jobs are enqueued and followed; fixed while the app runs. Made from <see cref="LovageOptions"/>.
/// </summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
internal sealed record ClientSettings
{
    /// <inheritdoc cref="LovageOptions.DefaultQueue"/>
    public string DefaultQueue { get; init; } = ClientRules.DefaultQueue;

    /// <inheritdoc cref="LimitOptions.PayloadBytesMax"/>
    public int PayloadBytesMax { get; init; } = ClientRules.PayloadBytesMax.Default;

    /// <inheritdoc cref="LimitOptions.EnqueueTimeout"/>
    public TimeSpan EnqueueTimeout { get; init; } = ClientRules.EnqueueTimeout.Default;

    /// <inheritdoc cref="LimitOptions.EnqueueCallsMax"/>
    public int EnqueueCallsMax { get; init; } = ClientRules.EnqueueCallsMax.Default;

    /// <inheritdoc cref="LimitOptions.WaitCallsMax"/>
    public int WaitCallsMax { get; init; } = ClientRules.WaitCallsMax.Default;

    /// <inheritdoc cref="LimitOptions.PendingMax"/>
    public long? PendingMax { get; init; }

    /// <inheritdoc cref="LimitOptions.SchedulesMax"/>
    public long SchedulesMax { get; init; } = ClientRules.SchedulesMax.Default;

    /// <inheritdoc cref="OperationOptions.RunAgainSpread"/>
    public TimeSpan RunAgainSpread { get; init; } = ClientRules.RunAgainSpread.Default;

    /// <inheritdoc cref="OperationOptions.RunAgainAtOnceMax"/>
    public int RunAgainAtOnceMax { get; init; } = ClientRules.RunAgainAtOnceMax.Default;

    /// <summary>
    /// How often a waiting handle polls when no signal comes; 1 s by default, jittered by half either way. No option
    /// sets it.
    /// </summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);
}
