using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Lovage.Diagnostics;

namespace Lovage.Spawning;

/// <content>The tries of a task, and the waits before them.</content>
internal sealed partial class LocalRunner
{
    /// <summary>One try, in a span of its own.</summary>
    /// <returns>What it threw; null when it returned.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever a task throws is its outcome.")]
    private static async ValueTask<Exception?> TryAsync(
        LocalEntry entry, LocalCall call, int attempt, long started, ActivityContext trace, CancellationToken token)
    {
        entry.Attempt = attempt;
        try
        {
            using var activity = StartActivity(entry, trace);
            try
            {
                await entry.CallAsync(call, attempt, started, token);
                return null;
            }
            catch (Exception error) when (error is not OperationCanceledException || !token.IsCancellationRequested)
            {
                activity?.SetTag("error.type", error.GetType().FullName).SetStatus(ActivityStatusCode.Error);
                return error;
            }
        }
        catch (Exception fault)
        {
            return fault;
        }
    }

    /// <returns>False when it was cancelled meanwhile.</returns>
    private async ValueTask<bool> TryWaitAsync(LocalEntry entry, TimeSpan delay, CancellationToken token)
    {
        if (delay > TimeSpan.Zero)
        {
            // A stop that began does not wait for what waits longer than it can.
            entry.WaitsUntil = Ahead(delay);
            WakeWatchers();
            await WaitOutAsync(delay, token);
            entry.WaitsUntil = 0;
        }

        return !token.IsCancellationRequested;
    }

    /// <summary>Waits, for longer than one timer can if need be; ends early when cancelled.</summary>
    private async ValueTask WaitOutAsync(TimeSpan delay, CancellationToken token)
    {
        var start = time.GetTimestamp();
        for (var rest = delay;
            rest > TimeSpan.Zero && !token.IsCancellationRequested;
            rest = delay - time.GetElapsedTime(start))
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(token);

            // A timer counts whole milliseconds: less than one would be no wait at all, asked for again and again.
            var timer = Task.Delay(
                TimeSpan.FromMilliseconds(
                    Math.Ceiling(Math.Min(rest.TotalMilliseconds, LocalSettings.TimerMax.TotalMilliseconds))),
                time,
                ended.Token);
            if (time.GetElapsedTime(start) >= delay)
            {
                // A test moved its clock just before the timer was set.
                await ended.CancelAsync();
            }

            await timer.ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private long Ahead(TimeSpan delay) =>
        time.GetTimestamp()
            + (long)(Math.Min(delay.TotalSeconds, JobLimits.DelayMax.TotalSeconds) * time.TimestampFrequency);

    private static bool MayRetry([NotNullWhen(true)] RetryPolicy? policy, Exception error) =>
        policy is not null
            && error is not BadArgumentsException and not RejectException
            && (error is RetryException || policy.Allows(error));

    private TimeSpan RetryDelay(RetryPolicy policy, int retry, Exception error)
    {
        if (error is RetryException asked)
        {
            return asked.Delay;
        }

        lock (_randomLock)
        {
            return policy.DelayBefore(retry, random);
        }
    }

    private static Activity? StartActivity(LocalEntry entry, ActivityContext parent)
    {
        if (!LovageTelemetry.Source.HasListeners())
        {
            return null;
        }

        return LovageTelemetry.Source.StartActivity($"run {entry.Name}", ActivityKind.Internal, parent)?
            .SetTag("lovage.task.kind", LocalReport.Word(entry.Kind))
            .SetTag("lovage.task.name", entry.Name)
            .SetTag("lovage.task.attempt", entry.Attempt);
    }
}
