namespace Lovage.Execution;

/// <summary>The defaults and ranges of <see cref="WorkerSettings"/>, each said here and in its documentation.</summary>
internal static class WorkerRules
{
    internal static readonly SettingRule<int> Concurrency =
        new(Math.Max(10, Environment.ProcessorCount * 5), 1, 10_000);

    internal static readonly SettingRule<int> PrefetchMax = new(500, 0, 1_000);

    internal static readonly SettingRule<TimeSpan> Lease =
        new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));

    internal static readonly SettingRule<TimeSpan> PollInterval =
        new(TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));

    internal static readonly SettingRule<TimeSpan> SweepInterval =
        new(TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));

    internal static readonly SettingRule<int> MaxAttempts = new(3, 1, JobLimits.AttemptsMax);

    /// <summary>Of both time limits; there is none by default.</summary>
    internal static readonly SettingRule<TimeSpan> TimeLimit =
        new(JobLimits.DelayMax, TimeSpan.FromMilliseconds(1), JobLimits.DelayMax);

    internal static readonly SettingRule<TimeSpan> DrainTime =
        new(TimeSpan.FromSeconds(25), TimeSpan.Zero, TimeSpan.FromDays(1));

    internal static readonly SettingRule<TimeSpan> CancelTime =
        new(TimeSpan.FromSeconds(3), TimeSpan.Zero, TimeSpan.FromHours(1));

    internal static readonly SettingRule<int> LogLinesMax = new(200, 0, 10_000);

    internal static readonly SettingRule<int> LogCharactersMax = new(64 * 1024, 0, 16 * 1024 * 1024);

    internal static readonly SettingRule<int> ResultBytesMax = new(1024 * 1024, 0, 256 * 1024 * 1024);

    internal static readonly SettingRule<int> UnwrittenMax = new(10_000, 1, 1_000_000);

    internal static readonly SettingRule<TimeSpan> OfferLimit =
        new(TimeSpan.FromHours(24), TimeSpan.FromSeconds(1), JobLimits.DelayMax);

    internal static readonly SettingRule<TimeSpan> OfferDelayMax =
        new(TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1));

    /// <summary>Of both times for which ended jobs are kept.</summary>
    internal static readonly SettingRule<TimeSpan> Finished =
        new(TimeSpan.FromDays(7), TimeSpan.Zero, JobLimits.DelayMax);

    internal static readonly SettingRule<TimeSpan> Dead = new(TimeSpan.FromDays(30), TimeSpan.Zero, JobLimits.DelayMax);

    internal static readonly SettingRule<long> RowsMax = new(1_000_000, 0, 1_000_000_000);

    internal static readonly SettingRule<TimeSpan> ScheduleRetention =
        new(TimeSpan.FromDays(7), TimeSpan.Zero, JobLimits.DelayMax);

    internal static readonly SettingRule<TimeSpan> AuditRetention =
        new(TimeSpan.FromDays(90), TimeSpan.Zero, JobLimits.DelayMax);

    internal static readonly SettingRule<TimeSpan> OperationRetention =
        new(TimeSpan.FromDays(30), TimeSpan.Zero, JobLimits.DelayMax);
}
