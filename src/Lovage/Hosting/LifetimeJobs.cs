using System.Diagnostics.CodeAnalysis;
using Lovage.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lovage;

/// <summary>The jobs that the app enqueues at its start and at its stop.</summary>
internal sealed partial class LifetimeJobs(
    IEnumerable<LifetimeJob> jobs, IServiceScopeFactory scopes, ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.Guarded("Lovage.Host");

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A job for the app's start or stop that cannot be enqueued, whatever the reason, must not "
            + "keep the app from either.")]
    internal async Task EnqueueAsync(bool atStart, CancellationToken cancellationToken)
    {
        foreach (var job in jobs.Where(job => job.AtStart == atStart).Select(static job => job.Job))
        {
            await using var scope = scopes.CreateAsyncScope();
            try
            {
                await scope.ServiceProvider.GetRequiredService<JobClient>().EnqueueAsync(job, cancellationToken);
            }
            catch (Exception fault)
            {
                LogRefused(_logger, fault, job.Name, atStart ? "start" : "stop");
            }
        }
    }

    [LoggerMessage(3004, LogLevel.Error, "Job {JobName} for the app's {Moment} was not enqueued")]
    private static partial void LogRefused(ILogger logger, Exception fault, string jobName, string moment);
}
