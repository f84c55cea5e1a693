namespace Lovage.PostgreSql.Schema;

/// <summary>
/// Times as they are stored: units of 100 ns since 1970, which keeps what .NET knows of an instant to the letter; <c>timestamptz</c> would round it to microseconds.
/// </summary>
internal static class StorageTime
{
    /// <summary>The last instant there is.</summary>
    internal static readonly long Latest = DateTimeOffset.MaxValue.Ticks - DateTimeOffset.UnixEpoch.Ticks;

    internal static long From(DateTimeOffset time) => time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    internal static long? From(DateTimeOffset? time) => time is { } value ? From(value) : null;

    internal static DateTimeOffset To(long ticks) => new(ticks + DateTimeOffset.UnixEpoch.Ticks, TimeSpan.Zero);

    internal static DateTimeOffset? To(long? ticks) => ticks is { } value ? To(value) : null;

    /// <summary>A span that can be added to any time before the end of time without running over.</summary>
    internal static long Span(TimeSpan span) => Math.Min(span.Ticks, Latest);
}
