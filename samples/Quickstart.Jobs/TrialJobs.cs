using System.ComponentModel.DataAnnotations;
using Lovage;
using Microsoft.Extensions.Logging;

namespace Quickstart.Jobs;

/// <summary>Small jobs to try things out with.</summary>
public sealed partial class TrialJobs(TimeProvider time, ILogger<TrialJobs> log)
{
    /// <summary>A sum that does not fit 64 bits does not fit at another try.</summary>
    [Job("add", NeverRetryOn = [typeof(OverflowException)])]
    public long Add(long a, long b) => checked(a + b);

    /// <summary>Fails each time, to show retries and errors.</summary>
    [Job("fail")]
    public void Fail(string message = "This job always fails.") => throw new InvalidOperationException(message);

    /// <summary>Waits, reports progress about once a second, and stops at once when a caller cancels it.</summary>
    [Job("sleep")]
    public async Task SleepAsync(
        [Range(0.0, 3_600)] double seconds, JobContext context, CancellationToken cancellationToken)
    {
        LogSleep(log, seconds);
        var start = time.GetTimestamp();
        var rest = TimeSpan.FromSeconds(seconds);
        while (rest > TimeSpan.Zero)
        {
            context.Progress.Report(1 - (rest.TotalSeconds / seconds), $"{rest.TotalSeconds:0} s to go");
            await Task.Delay(rest < TimeSpan.FromSeconds(1) ? rest : TimeSpan.FromSeconds(1), time, cancellationToken);
            rest = TimeSpan.FromSeconds(seconds) - time.GetElapsedTime(start);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Sleeping for {Seconds} s")]
    private static partial void LogSleep(ILogger logger, double seconds);
}
