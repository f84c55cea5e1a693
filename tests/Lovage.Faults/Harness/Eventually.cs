using System.Diagnostics;
using Xunit;

namespace Lovage.Faults.Harness;

/// <summary>Waits for something that other processes bring about, up to a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    /// <summary>A pause that took longer was this process's own: while it is held up nothing is late.</summary>
    private static readonly TimeSpan HeldUp = TimeSpan.FromSeconds(2);

    internal static Task BecomesTrueAsync(string what, TimeSpan limit, Func<bool> condition) =>
        BecomesTrueAsync(what, limit, () => ValueTask.FromResult(condition()));

    internal static async Task BecomesTrueAsync(string what, TimeSpan limit, Func<ValueTask<bool>> condition)
    {
        var start = Stopwatch.GetTimestamp();
        var lost = TimeSpan.Zero;
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) - lost > limit)
            {
                throw new TimeoutException($"Not within {limit.TotalSeconds:0.#} s: {what}.");
            }

            var paused = Stopwatch.GetTimestamp();
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
            var pause = Stopwatch.GetElapsedTime(paused);
            lost += pause > HeldUp ? pause : TimeSpan.Zero;
        }
    }
}
