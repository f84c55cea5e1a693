using System.Diagnostics;
using Xunit;

namespace Lovage.Faults.Harness;

/// <summary>Waits for something that other processes bring about, up to a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    internal static Task BecomesTrueAsync(string what, TimeSpan limit, Func<bool> condition) =>
        BecomesTrueAsync(what, limit, () => ValueTask.FromResult(condition()));

    internal static async Task BecomesTrueAsync(string what, TimeSpan limit, Func<ValueTask<bool>> condition)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                throw new TimeoutException($"Not within {limit.TotalSeconds:0.#} s: {what}.");
            }

            await Task.Delay(Interval, TestContext.Current.CancellationToken);
        }
    }
}
