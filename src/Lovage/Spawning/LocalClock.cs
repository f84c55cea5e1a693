namespace Lovage.Spawning;

/// <summary>Waits of tasks of this process, which may be longer than one timer can be.</summary>
internal sealed class LocalClock(TimeProvider time)
{
    /// <summary>The timestamp after a delay from now.</summary>
    internal long Ahead(TimeSpan delay) => After(time.GetTimestamp(), delay);

    /// <summary>The timestamp after a delay from another one.</summary>
    internal long After(long timestamp, TimeSpan delay) =>
        timestamp + (long)(Math.Min(delay.TotalSeconds, JobLimits.DelayMax.TotalSeconds) * time.TimestampFrequency);

    /// <summary>
    /// Waits, for longer than one timer can if need be. Ends early, without an exception, when cancelled.
    /// </summary>
    internal ValueTask WaitOutAsync(TimeSpan delay, CancellationToken token) =>
        delay > TimeSpan.Zero ? WaitUntilAsync(Ahead(delay), token) : default;

    /// <inheritdoc cref="WaitOutAsync"/>
    internal async ValueTask WaitUntilAsync(long until, CancellationToken token)
    {
        for (var rest = Rest(until); rest > TimeSpan.Zero && !token.IsCancellationRequested; rest = Rest(until))
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(token);

            // A timer counts whole milliseconds: less than one would be no wait at all, asked for again and again.
            var timer = Task.Delay(
                TimeSpan.FromMilliseconds(
                    Math.Ceiling(Math.Min(rest.TotalMilliseconds, LocalSettings.TimerMax.TotalMilliseconds))),
                time,
                ended.Token);
            if (Rest(until) <= TimeSpan.Zero)
            {
                // A test moved its clock just before the timer was set.
                await ended.CancelAsync();
            }

            await timer.ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    /// <summary>What is left until a timestamp; negative once it has passed.</summary>
    internal TimeSpan Rest(long until) => time.GetElapsedTime(time.GetTimestamp(), until);
}
