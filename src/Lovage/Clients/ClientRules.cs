namespace Lovage;

/// <summary>The defaults and ranges of <see cref="ClientSettings"/>, each said here and in its documentation.</summary>
internal static class ClientRules
{
    internal const string DefaultQueue = "default";

    internal static readonly SettingRule<int> PayloadBytesMax = new(256 * 1024, 1024, 64 * 1024 * 1024);

    internal static readonly SettingRule<TimeSpan> EnqueueTimeout =
        new(TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(5));

    internal static readonly SettingRule<int> EnqueueCallsMax = new(100_000, 1, 10_000_000);

    internal static readonly SettingRule<int> WaitCallsMax = new(100_000, 1, 10_000_000);

    /// <summary>Where an app sets it; any number by default.</summary>
    internal static readonly SettingRule<long> PendingMax = new(1_000_000_000, 1, 1_000_000_000);

    internal static readonly SettingRule<long> SchedulesMax = new(10_000, 1, 10_000_000);

    /// <summary>Of every spread; the default is that of running many jobs again.</summary>
    internal static readonly SettingRule<TimeSpan> RunAgainSpread =
        new(TimeSpan.FromMinutes(10), TimeSpan.Zero, TimeSpan.FromDays(7));

    internal static readonly SettingRule<int> RunAgainAtOnceMax = new(1_000, 0, 1_000_000);
}
