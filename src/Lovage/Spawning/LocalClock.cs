namespace Lovage.Spawning;

/// <summary>Waits of tasks of this process, which may be longer than one timer can be.</summary>
internal sealed class LocalClock(TimeProvider time)
{
    /// <summary>The timestamp after a delay from now.</summary>
    internal long Ahead(TimeSpan delay) =>
        time.GetTimestamp()
            + (long)(Math.Min(delay.TotalSeconds, JobLimits.DelayMax.TotalSeconds) * time.TimestampFrequency);

    /// <summary>
    /// Waits, for longer than one timer can if need be. Ends early, without an exception, when cancelled.
    /// </summary>
    internal async ValueTask WaitOutAsync(TimeSpan delay, CancellationToken token)
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
}
