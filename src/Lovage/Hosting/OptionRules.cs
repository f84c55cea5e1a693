using System.Globalization;
using Lovage.Execution;
using Microsoft.Extensions.Options;

namespace Lovage;

/// <summary>Which settings are allowed. Every finding names the key, the value and the range.</summary>
internal sealed class OptionRules : IValidateOptions<LovageOptions>
{
    private const int AppLengthMax = 128;

    private readonly List<string> _findings = [];

    public ValidateOptionsResult Validate(string? name, LovageOptions options)
    {
        var rules = new OptionRules();
        rules.App("Lovage:App", options.App);
        rules.Version("Lovage:AppVersion", options.AppVersion);
        rules.Queue("Lovage:DefaultQueue", options.DefaultQueue);
        rules.Time("Lovage:StarvationLimit", options.StarvationLimit, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        rules.Limits(options.Limits);
        rules.Time("Lovage:Retention:Finished", options.Retention.Finished, WorkerRules.Finished);
        rules.Time("Lovage:Retention:Dead", options.Retention.Dead, WorkerRules.Dead);
        rules.Number("Lovage:Retention:RowsMax", options.Retention.RowsMax, WorkerRules.RowsMax);
        rules.Time("Lovage:Retention:Schedules", options.Retention.Schedules, WorkerRules.ScheduleRetention);
        rules.Time("Lovage:Retention:Audit", options.Retention.Audit, WorkerRules.AuditRetention);
        rules.Time("Lovage:Retention:Operations", options.Retention.Operations, WorkerRules.OperationRetention);
        rules.Time(
            "Lovage:Operations:RunAgainSpread", options.Operations.RunAgainSpread, ClientRules.RunAgainSpread);
        rules.Number(
            "Lovage:Operations:RunAgainAtOnceMax",
            options.Operations.RunAgainAtOnceMax,
            ClientRules.RunAgainAtOnceMax);
        rules.Worker(options.Worker);
        rules.Local(options.Local);
        rules.Word("Lovage:Telemetry:TraceRelation", options.Telemetry.TraceRelation);
        rules.Word("Lovage:Telemetry:SpanNames", options.Telemetry.SpanNames);
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
            Number(Key + "Concurrency", concurrency, WorkerRules.Concurrency);
        }

        Number(Key + "PrefetchMax", worker.PrefetchMax, WorkerRules.PrefetchMax);
        Time(Key + "Lease", worker.Lease, WorkerRules.Lease);
        Time(Key + "PollInterval", worker.PollInterval, WorkerRules.PollInterval);
        Time(Key + "SweepInterval", worker.SweepInterval, WorkerRules.SweepInterval);
        Number(Key + "MaxAttempts", worker.MaxAttempts, WorkerRules.MaxAttempts);
        Time(Key + "SoftTimeLimit", worker.SoftTimeLimit ?? WorkerRules.TimeLimit.Default, WorkerRules.TimeLimit);
        Time(Key + "TimeLimit", worker.TimeLimit ?? WorkerRules.TimeLimit.Default, WorkerRules.TimeLimit);
        Time(Key + "DrainTime", worker.DrainTime, WorkerRules.DrainTime);
        Time(Key + "CancelTime", worker.CancelTime, WorkerRules.CancelTime);
        Number(Key + "LogLinesMax", worker.LogLinesMax, WorkerRules.LogLinesMax);
        Number(Key + "LogCharactersMax", worker.LogCharactersMax, WorkerRules.LogCharactersMax);
        Number(Key + "ResultBytesMax", worker.ResultBytesMax, WorkerRules.ResultBytesMax);
        Number(Key + "UnwrittenMax", worker.UnwrittenMax, WorkerRules.UnwrittenMax);
        Time(Key + "OfferLimit", worker.OfferLimit, WorkerRules.OfferLimit);
        Time(Key + "OfferDelayMax", worker.OfferDelayMax, WorkerRules.OfferDelayMax);
    }

    private void Limits(LimitOptions limits)
    {
        const string Key = "Lovage:Limits:";
        Number(Key + "PayloadBytesMax", limits.PayloadBytesMax, ClientRules.PayloadBytesMax);
        Time(Key + "EnqueueTimeout", limits.EnqueueTimeout, ClientRules.EnqueueTimeout);
        Number(Key + "EnqueueCallsMax", limits.EnqueueCallsMax, ClientRules.EnqueueCallsMax);
        Number(Key + "WaitCallsMax", limits.WaitCallsMax, ClientRules.WaitCallsMax);
        if (limits.PendingMax is { } pending)
        {
            Number(Key + "PendingMax", pending, ClientRules.PendingMax);
        }

        Number(Key + "SchedulesMax", limits.SchedulesMax, ClientRules.SchedulesMax);
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

    private void Number(string key, int value, SettingRule<int> rule) => Number(key, value, rule.Min, rule.Max);

    private void Number(string key, long value, SettingRule<long> rule) => Number(key, value, rule.Min, rule.Max);

    private void Time(string key, TimeSpan value, SettingRule<TimeSpan> rule) => Time(key, value, rule.Min, rule.Max);

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

    private void Word<T>(string key, T value)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            _findings.Add($"{key} is {value}; {string.Join(", ", Enum.GetNames<T>())} are allowed.");
        }
    }

    private void App(string key, string? value)
    {
        if (value is not null && (value.Trim().Length == 0 || value.Length > AppLengthMax))
        {
            _findings.Add(
                $"{key} is '{JobNames.Shown(value)}'; 1 to {AppLengthMax} characters are allowed, not all blank.");
        }
    }

    private void Version(string key, string? value)
    {
        if (value is not null && CodeVersion.TryParse(value) is null)
        {
            _findings.Add(
                $"{key} is '{JobNames.Shown(value)}'; numbers with dots are allowed, as 57 or 1.2.0-beta.3, at most "
                    + $"{CodeVersion.LengthMax} characters.");
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
