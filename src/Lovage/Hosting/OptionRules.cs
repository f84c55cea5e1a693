using System.Globalization;
using Microsoft.Extensions.Options;

namespace Lovage;

/// <summary>Which settings are allowed. Every finding names the key, the value and the range.</summary>
internal sealed class OptionRules : IValidateOptions<LovageOptions>
{
    private static readonly TimeSpan DaysMax = JobLimits.DelayMax;

    private readonly List<string> _findings = [];

    public ValidateOptionsResult Validate(string? name, LovageOptions options)
    {
        var rules = new OptionRules();
        rules.Queue("Lovage:DefaultQueue", options.DefaultQueue);
        rules.Time("Lovage:StarvationLimit", options.StarvationLimit, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        rules.Number("Lovage:Limits:PayloadBytesMax", options.Limits.PayloadBytesMax, 1024, 64 * 1024 * 1024);
        rules.Time(
            "Lovage:Limits:EnqueueTimeout",
            options.Limits.EnqueueTimeout,
            TimeSpan.FromMilliseconds(50),
            TimeSpan.FromMinutes(5));
        rules.Number("Lovage:Limits:EnqueueCallsMax", options.Limits.EnqueueCallsMax, 1, 10_000_000);
        rules.Number("Lovage:Limits:WaitCallsMax", options.Limits.WaitCallsMax, 1, 10_000_000);
        if (options.Limits.PendingMax is { } pending)
        {
            rules.Number("Lovage:Limits:PendingMax", pending, 1, 1_000_000_000);
        }

        rules.Number("Lovage:Limits:SchedulesMax", options.Limits.SchedulesMax, 1, 10_000_000);
        rules.Time("Lovage:Retention:Finished", options.Retention.Finished, TimeSpan.Zero, DaysMax);
        rules.Time("Lovage:Retention:Dead", options.Retention.Dead, TimeSpan.Zero, DaysMax);
        rules.Number("Lovage:Retention:RowsMax", options.Retention.RowsMax, 0, 1_000_000_000);
        rules.Time("Lovage:Retention:Schedules", options.Retention.Schedules, TimeSpan.Zero, DaysMax);
        rules.Worker(options.Worker);
        rules.Local(options.Local);
        return rules._findings.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(rules._findings);
    }

    /// <summary>Checks what the code of one <c>AddWorker</c> call made of the options.</summary>
    /// <exception cref="OptionsValidationException">They are not allowed.</exception>
    internal static void Check(WorkerOptions options)
    {
        var rules = new OptionRules();
        rules.Worker(options);
        if (rules._findings.Count > 0)
        {
            throw new OptionsValidationException(nameof(WorkerOptions), typeof(WorkerOptions), rules._findings);
        }
    }

    private void Worker(WorkerOptions worker)
    {
        const string Key = "Lovage:Worker:";
        foreach (var queue in worker.Queues)
        {
            Queue(Key + "Queues", queue);
        }

        if (worker.Concurrency is { } concurrency)
        {
            Number(Key + "Concurrency", concurrency, 1, 10_000);
        }

        Number(Key + "PrefetchMax", worker.PrefetchMax, 0, 1_000);
        Time(Key + "Lease", worker.Lease, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Time(Key + "PollInterval", worker.PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        Time(Key + "SweepInterval", worker.SweepInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        Number(Key + "MaxAttempts", worker.MaxAttempts, 1, JobLimits.AttemptsMax);
        Time(Key + "SoftTimeLimit", worker.SoftTimeLimit ?? DaysMax, TimeSpan.FromMilliseconds(1), DaysMax);
        Time(Key + "TimeLimit", worker.TimeLimit ?? DaysMax, TimeSpan.FromMilliseconds(1), DaysMax);
        Time(Key + "DrainTime", worker.DrainTime, TimeSpan.Zero, TimeSpan.FromDays(1));
        Time(Key + "CancelTime", worker.CancelTime, TimeSpan.Zero, TimeSpan.FromHours(1));
        Number(Key + "LogLinesMax", worker.LogLinesMax, 0, 10_000);
        Number(Key + "LogCharactersMax", worker.LogCharactersMax, 0, 16 * 1024 * 1024);
        Number(Key + "ResultBytesMax", worker.ResultBytesMax, 0, 256 * 1024 * 1024);
        Time(Key + "UnknownJobDelay", worker.UnknownJobDelay, TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1));
    }

    private void Local(LocalOptions local)
    {
        const string Key = "Lovage:Local:";
        Number(Key + "AfterResponseMax", local.AfterResponseMax, 1, 1_000_000);
        Number(Key + "AfterResponseConcurrency", local.AfterResponseConcurrency, 1, 100_000);
        Number(Key + "SpawnedMax", local.SpawnedMax, 1, 10_000_000);
        Number(Key + "DedicatedMax", local.DedicatedMax, 1, 1_000_000);
        Number(Key + "DedicatedThreads", local.DedicatedThreads ?? 1, 1, 10_000);
        Time(Key + "DrainTime", local.DrainTime, TimeSpan.Zero, TimeSpan.FromDays(1));
        Time(Key + "CancelTime", local.CancelTime, TimeSpan.Zero, TimeSpan.FromHours(1));
    }

    private void Number(string key, long value, long min, long max)
    {
        if (value < min || value > max)
        {
            _findings.Add(
                string.Create(CultureInfo.InvariantCulture, $"{key} is {value:N0}; {min:N0} to {max:N0} is allowed."));
        }
    }

    private void Time(string key, TimeSpan value, TimeSpan min, TimeSpan max)
    {
        if (value < min || value > max)
        {
            _findings.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{key} is {value:c}; {min:c} to {max:c} is allowed (days.hours:minutes:seconds)."));
        }
    }

    private void Queue(string key, string? value)
    {
        if (!JobNames.IsQueue(value))
        {
            _findings.Add(
                $"{key} is '{JobNames.Shown(value)}'; 1 to {JobNames.QueueLengthMax} characters of A-Z a-z 0-9 . _ - "
                    + "are allowed, and none of the names that Celery and RabbitMQ keep for themselves.");
        }
    }
}
