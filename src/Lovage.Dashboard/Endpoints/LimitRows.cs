using System.Globalization;
using Lovage.Dashboard.Api;

namespace Lovage.Dashboard.Endpoints;

/// <summary>The settings that refuse, cut or remove something, with their defaults.</summary>
internal static class LimitRows
{
    internal static IReadOnlyList<LimitRow> Of(LovageOptions options)
    {
        var standard = new LovageOptions();
        return
        [
            Row("Limits:PayloadBytesMax", options, standard, static o => o.Limits.PayloadBytesMax, "bytes",
                "Arguments of one job at the most."),
            Row("Limits:EnqueueTimeout", options, standard, static o => o.Limits.EnqueueTimeout, "s",
                "How long enqueuing may take."),
            Row("Limits:EnqueueCallsMax", options, standard, static o => o.Limits.EnqueueCallsMax, "calls",
                "Calls that may wait for the storage at once."),
            Row("Limits:WaitCallsMax", options, standard, static o => o.Limits.WaitCallsMax, "calls",
                "Calls that may wait for the end of a job at once."),
            Row("Limits:PendingMax", options, standard, static o => o.Limits.PendingMax, "jobs",
                "Jobs that may wait in one queue."),
            Row("Limits:SchedulesMax", options, standard, static o => o.Limits.SchedulesMax, "schedules",
                "Schedules that the storage may hold."),
            Row("Worker:Concurrency", options, standard, static o => o.Worker.Concurrency, "attempts",
                "Attempts that a worker runs at the same time."),
            Row("Worker:PrefetchMax", options, standard, static o => o.Worker.PrefetchMax, "jobs",
                "Jobs that a worker claims ahead."),
            Row("Worker:Lease", options, standard, static o => o.Worker.Lease, "s",
                "How long a worker holds a job without renewing."),
            Row("Worker:PollInterval", options, standard, static o => o.Worker.PollInterval, "s",
                "From one look at the storage to the next without a signal."),
            Row("Worker:MaxAttempts", options, standard, static o => o.Worker.MaxAttempts, "attempts",
                "Attempts of a job that says nothing else."),
            Row("Worker:TimeLimit", options, standard, static o => o.Worker.TimeLimit, "s",
                "How long an attempt may take."),
            Row("Worker:DrainTime", options, standard, static o => o.Worker.DrainTime, "s",
                "How long a stop waits for running handlers."),
            Row("Worker:LogLinesMax", options, standard, static o => o.Worker.LogLinesMax, "lines",
                "Log lines that an attempt keeps."),
            Row("Worker:ResultBytesMax", options, standard, static o => o.Worker.ResultBytesMax, "bytes",
                "A result at the most."),
            Row("Local:AfterResponseMax", options, standard, static o => o.Local.AfterResponseMax, "tasks",
                "Tasks after the response that may be unfinished."),
            Row("Local:SpawnedMax", options, standard, static o => o.Local.SpawnedMax, "tasks",
                "Spawned tasks that may be unfinished."),
            Row("Retention:Finished", options, standard, static o => o.Retention.Finished, "s",
                "How long ended jobs are kept."),
            Row("Retention:Dead", options, standard, static o => o.Retention.Dead, "s",
                "How long dead letters are kept."),
            Row("Retention:RowsMax", options, standard, static o => o.Retention.RowsMax, "jobs",
                "Ended jobs that are kept."),
            Row("StarvationLimit", options, standard, static o => o.StarvationLimit, "s",
                "How long the thread pool may let work wait."),
        ];
    }

    private static LimitRow Row<T>(
        string key,
        LovageOptions options,
        LovageOptions standard,
        Func<LovageOptions, T> read,
        string unit,
        string text) =>
        new($"Lovage:{key}", Written(read(options)), Written(read(standard)), unit, text);

    private static string Written<T>(T value) => value switch
    {
        null => "none",
        TimeSpan span => span.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
