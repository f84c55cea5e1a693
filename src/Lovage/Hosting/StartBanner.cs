using Lovage.Diagnostics;
using Lovage.Execution;
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
    ILoggerFactory loggers)
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

    /// <summary>Warns when the host gives less time to stop than the workers want.</summary>
    internal void CheckShutdown(IReadOnlyCollection<WorkerSettings> workers)
    {
        var budget = host.Value.ShutdownTimeout;
        foreach (var worker in workers)
        {
            var wanted = worker.DrainTime + worker.CancelTime;
            if (wanted >= budget)
            {
                LogShutdown(_logger, wanted.TotalSeconds, budget.TotalSeconds, environment.ApplicationName);
            }
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
        "Workers want {Wanted:0.#} s to stop (Lovage:Worker:DrainTime and CancelTime) and the host of {App} gives "
            + "{Budget:0.#} s (HostOptions.ShutdownTimeout): running jobs may be cut off and run again. Lower the one "
            + "or raise the other")]
    private static partial void LogShutdown(ILogger logger, double wanted, double budget, string app);
}
