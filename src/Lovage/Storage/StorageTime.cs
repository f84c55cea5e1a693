namespace Lovage.Storage;

/// <summary>
/// Times as storages with columns keep them: units of 100 ns since 1970. The number keeps a .NET instant exactly; a
/// database's own type would round it.
/// </summary>
/// <remarks>
/// Stateless, safe for use by several threads. Stored numbers outlive a version: what they mean never changes.
/// </remarks>
public static class StorageTime
{
    /// <summary>The last instant there is, in units of 100 ns since 1970.</summary>
    public static long Latest { get; } = DateTimeOffset.MaxValue.Ticks - DateTimeOffset.UnixEpoch.Ticks;

    /// <summary>A time as a number of 100 ns since 1970; its offset is not kept.</summary>
    /// <param name="time">The time.</param>
    public static long From(DateTimeOffset time) => time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    /// <summary>A time as a number of 100 ns since 1970; null for null.</summary>
    /// <param name="time">The time.</param>
    public static long? From(DateTimeOffset? time) => time is { } value ? From(value) : null;

    /// <summary>The time of a number, in UTC.</summary>
    /// <param name="ticks">Units of 100 ns since 1970, at most <see cref="Latest"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such time.</exception>
    public static DateTimeOffset To(long ticks) => new(ticks + DateTimeOffset.UnixEpoch.Ticks, TimeSpan.Zero);

    /// <summary>The time of a number, in UTC; null for null.</summary>
    /// <param name="ticks">Units of 100 ns since 1970, at most <see cref="Latest"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such time.</exception>
    public static DateTimeOffset? To(long? ticks) => ticks is { } value ? To(value) : null;

    /// <summary>A span in units of 100 ns. Adding it to a time before <see cref="Latest"/> does not overflow.</summary>
    /// <param name="span">The span; what is longer than <see cref="Latest"/> is cut.</param>
    public static long Span(TimeSpan span) => Math.Min(span.Ticks, Latest);

    /// <summary>A time some span later; the end of time when that would lie behind it.</summary>
    /// <param name="ticks">Units of 100 ns since 1970, or since any other instant.</param>
    /// <param name="span">The span.</param>
    public static long Add(long ticks, TimeSpan span) => span.Ticks > Latest - ticks ? Latest : ticks + span.Ticks;
}
