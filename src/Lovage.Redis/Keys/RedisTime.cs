using System.Globalization;
using Lovage.Storage;
using StackExchange.Redis;

namespace Lovage.Redis.Keys;

/// <summary>
/// Times as scripts have them: microseconds since 1970, which Lua's numbers keep exactly until the year 2255.
/// </summary>
internal static class RedisTime
{
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    /// <summary>Hundreds of years: no span that is longer makes a difference.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <summary>The last time that a script reckons with.</summary>
    private const long Latest = 9_000_000_000_000_000;

    /// <summary>A time, rounded up: nothing becomes due too soon.</summary>
    internal static long From(DateTimeOffset time) => Math.Clamp(
        (StorageTime.From(time) + TicksPerMicrosecond - 1) / TicksPerMicrosecond, 0, Latest);

    /// <summary>A span, rounded up; a negative one is zero.</summary>
    internal static long From(TimeSpan span) =>
        ((span < TimeSpan.Zero ? 0 : span > Longest ? Longest.Ticks : span.Ticks) + TicksPerMicrosecond - 1)
            / TicksPerMicrosecond;

    /// <summary>A time, rounded down.</summary>
    internal static long Floor(DateTimeOffset time) =>
        Math.Clamp(StorageTime.From(time) / TicksPerMicrosecond, 0, Latest);

    /// <summary>A span, rounded down: what is older by less than a microsecond is older.</summary>
    internal static long Floor(TimeSpan span) => Math.Min(span.Ticks, Longest.Ticks) / TicksPerMicrosecond;

    internal static DateTimeOffset To(long microseconds) => StorageTime.To(microseconds * TicksPerMicrosecond);

    internal static DateTimeOffset To(RedisValue microseconds) => To((long)microseconds);

    internal static DateTimeOffset To(ReadOnlySpan<char> microseconds) =>
        To(long.Parse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture));
}

/// <summary>The time of scripts: nothing, so that the server reads its own clock, or a test's.</summary>
/// <param name="clock">A clock in place of the server's; null for the server's own.</param>
internal sealed class RedisClock(TimeProvider? clock)
{
    private readonly JobIdSource _tags = new(TimeProvider.System);

    internal RedisValue Now => clock is null
        ? RedisValue.EmptyString
        : StorageTime.From(clock.GetUtcNow()) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The time that a script answered; a test's clock is more exact.</summary>
    internal DateTimeOffset Read(RedisValue microseconds) => clock?.GetUtcNow() ?? RedisTime.To(microseconds);

    /// <summary>What an envelope for other readers takes as the present; it decides nothing here.</summary>
    internal DateTimeOffset Shown => (clock ?? TimeProvider.System).GetUtcNow();

    /// <summary>A delivery tag: kombu keys by it what is unacknowledged.</summary>
    internal string NextTag() => _tags.Next().Value;
}
