using System.Collections.Immutable;
using System.Numerics;

namespace Lovage;

/// <summary>
/// How often durations fell between fixed bounds. Every histogram has the same bounds, so that two can be added up.
/// </summary>
/// <remarks>
/// Immutable, safe for use by several threads. Each bound is the square root of 2 times the one before, from 1 ms to
/// about 26 hours. A quantile is at most that factor away from the truth.
/// </remarks>
public sealed record DurationHistogram
{
    /// <summary>Buckets: one a bound, and one for what is longer than the last.</summary>
    public const int BucketCount = 55;

    private static readonly ImmutableArray<TimeSpan> AllBounds =
        [.. Enumerable.Range(0, BucketCount - 1).Select(static i => TimeSpan.FromMilliseconds(Math.Pow(2, i / 2.0)))];

    /// <summary>Makes a histogram.</summary>
    /// <param name="counts">How many durations fell into each bucket, <see cref="BucketCount"/> of them.</param>
    /// <param name="total">The sum of all durations.</param>
    /// <exception cref="ArgumentException">There are more or fewer counts.</exception>
    public DurationHistogram(ImmutableArray<long> counts, TimeSpan total)
    {
        if (counts.IsDefault || counts.Length != BucketCount)
        {
            throw new ArgumentException($"A histogram has {BucketCount} counts.", nameof(counts));
        }

        Counts = counts;
        Total = total;
    }

    /// <summary>A histogram of no durations.</summary>
    public static DurationHistogram Empty { get; } = new([.. new long[BucketCount]], TimeSpan.Zero);

    /// <summary>The upper bounds of all buckets but the last, each included in its bucket.</summary>
    public static ImmutableArray<TimeSpan> Bounds => AllBounds;

    /// <summary>How many durations fell into each bucket.</summary>
    public ImmutableArray<long> Counts { get; }

    /// <summary>The sum of all durations.</summary>
    public TimeSpan Total { get; }

    /// <summary>How many durations there are.</summary>
    public long Count => Counts.Sum();

    /// <summary>The bucket that a duration falls into, 0 to <see cref="BucketCount"/> - 1.</summary>
    /// <param name="duration">The duration; a negative one counts as zero.</param>
    public static int Bucket(TimeSpan duration)
    {
        if (duration <= AllBounds[0])
        {
            return 0;
        }

        // The power of two below it is right or one of the two buckets before.
        var milliseconds = (ulong)duration.TotalMilliseconds;
        var bucket = Math.Min(2 * BitOperations.Log2(Math.Max(1, milliseconds)), BucketCount - 1);
        while (bucket < BucketCount - 1 && duration > AllBounds[bucket])
        {
            bucket++;
        }

        return bucket;
    }

    /// <summary>The sum of two histograms.</summary>
    /// <param name="other">The other.</param>
    public DurationHistogram Add(DurationHistogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new DurationHistogram(
            [.. Counts.Zip(other.Counts, static (left, right) => left + right)], Total + other.Total);
    }

    /// <summary>
    /// The duration that a part of all durations does not exceed, by interpolation in its bucket; null when there are
    /// none.
    /// </summary>
    /// <param name="part">0 to 1: 0.95 for the 95th percentile.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is out of range.</exception>
    public TimeSpan? Quantile(double part)
    {
        if (part is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(part), part, "A part is 0 to 1.");
        }

        var count = Count;
        if (count == 0)
        {
            return null;
        }

        var rank = part * count;
        var below = 0L;
        for (var i = 0; i < BucketCount; i++)
        {
            if (Counts[i] > 0 && below + Counts[i] >= rank)
            {
                var low = i == 0 ? TimeSpan.Zero : AllBounds[i - 1];
                return i == BucketCount - 1
                    ? low
                    : low + ((AllBounds[i] - low) * ((rank - below) / Counts[i]));
            }

            below += Counts[i];
        }

        return AllBounds[^1];
    }

    /// <inheritdoc/>
    public bool Equals(DurationHistogram? other) =>
        other is not null && Total == other.Total && Counts.AsSpan().SequenceEqual(other.Counts.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Total, Count);
}
