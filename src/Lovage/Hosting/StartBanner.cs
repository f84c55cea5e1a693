using Lovage.Diagnostics;
using Lovage.Execution;
using Lovage.Spawning;
using Lovage.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Lovage;

/// <summary>
/// Logs the start: storage, workers, jobs, schedules, and settings that are unsafe in production, one line each.
/// </summary>
internal sealed partial class StartBanner(
    JobStorage storage, JobRegistry jobs, IHostEnvironment environment, IOptions<HostOptions> host,
    LocalSettings local, ILoggerFactory loggers)
{
    private const int NamesShown = 20;

    private readonly ILogger _logger = loggers.Guarded("Lovage.Host");

    internal void Print(IReadOnlyCollection<WorkerSettings> workers, IReadOnlyCollection<string> schedules)
    {
        LogStorage(_logger, storage.Description);
        foreach (var worker in workers)
        {
            LogWorker(_logger, string.Join(", ", worker.Queues), worker.Concurrency);
        }

        if (workers.Count == 0)
        {
            LogNoWorker(_logger);
        }

        LogJobs(_logger, jobs.Jobs.Length, Some(jobs.Jobs.Select(static job => job.Name)));
        LogSchedules(_logger, schedules.Count, Some(schedules));
        WarnOfUnserved(workers);
        foreach (var warning in storage.Warnings)
        {
            if (environment.IsDevelopment())
            {
                LogUnsafeHere(_logger, warning);
            }
            else
            {
                LogUnsafe(_logger, warning);
            }
        }
    }

    /// <summary>Warns when the host gives less time to stop than workers and tasks of this process want.</summary>
    internal void CheckShutdown(IReadOnlyCollection<WorkerSettings> workers)
    {
        foreach (var worker in workers)
        {
            CheckShutdown(
                worker.DrainTime + worker.CancelTime,
                "Workers",
                "Lovage:Worker:DrainTime and CancelTime",
                "running jobs may be cut off and run again");
        }

        CheckShutdown(
            local.DrainTime + local.CancelTime,
            "Tasks of this process",
            "Lovage:Local:DrainTime and CancelTime",
            "they may be cancelled earlier");
    }

    private void CheckShutdown(TimeSpan wanted, string owners, string settings, string cost)
    {
        var budget = host.Value.ShutdownTimeout;
        if (wanted >= budget && budget != Timeout.InfiniteTimeSpan)
        {
            LogShutdown(
                _logger, owners, wanted.TotalSeconds, settings, environment.ApplicationName, budget.TotalSeconds, cost);
        }
    }

    private static string Some(IEnumerable<string> names)
    {
        var shown = names.Take(NamesShown + 1).ToList();
        return shown.Count == 0
            ? "none"
            : string.Join(", ", shown.Take(NamesShown)) + (shown.Count > NamesShown ? ", ..." : "");
    }

    private void WarnOfUnserved(IReadOnlyCollection<WorkerSettings> workers)
    {
        if (workers.Count == 0)
        {
            return;
        }

        var served = workers.SelectMany(static worker => worker.Queues).ToHashSet(StringComparer.Ordinal);
        foreach (var job in jobs.Jobs.Where(job => job.Queue is not null && !served.Contains(job.Queue)))
        {
            LogUnserved(_logger, job.Name, job.Queue!);
        }
    }

    [LoggerMessage(3010, LogLevel.Information, "Lovage storage: {Storage}")]
    private static partial void LogStorage(ILogger logger, string storage);

    [LoggerMessage(3011, LogLevel.Information, "Lovage worker: queues {Queues}, {Concurrency} jobs at the same time")]
    private static partial void LogWorker(ILogger logger, string queues, int concurrency);

    [LoggerMessage(3012, LogLevel.Information, "Lovage worker: none, this process only enqueues (AddWorker adds one)")]
    private static partial void LogNoWorker(ILogger logger);

    [LoggerMessage(3013, LogLevel.Information, "Lovage jobs: {Count} registered: {Names}")]
    private static partial void LogJobs(ILogger logger, int count, string names);

    [LoggerMessage(3018, LogLevel.Information, "Lovage schedules: {Count} in this app's code: {Ids}")]
    private static partial void LogSchedules(ILogger logger, int count, string ids);

    [LoggerMessage(3014, LogLevel.Warning, "Unsafe in production: {Warning}")]
    private static partial void LogUnsafe(ILogger logger, string warning);

    [LoggerMessage(3015, LogLevel.Information, "Unsafe in production: {Warning}")]
    private static partial void LogUnsafeHere(ILogger logger, string warning);

    [LoggerMessage(
        3016, LogLevel.Warning, "Job {JobName} goes to queue {Queue}, which no worker of this process serves")]
    private static partial void LogUnserved(ILogger logger, string jobName, string queue);

    [LoggerMessage(
        3017,
        LogLevel.Warning,
        "{Owners} want {Wanted:0.#} s to stop ({Settings}) and the host of {App} gives {Budget:0.#} s "
            + "(HostOptions.ShutdownTimeout): {Cost}. Lower the one or raise the other")]
    private static partial void LogShutdown(
        ILogger logger, string owners, double wanted, string settings, string app, double budget, string cost);
}
