namespace Lovage.Storage.Columns;

/// <summary>
/// Adds up durations for a <see cref="DurationHistogram"/>, and writes the sums for storages with columns.
/// </summary>
/// <remarks>
/// Belongs to one caller at a time. The bytes are variable-length numbers, 7 bits a byte, the lowest first: the total
/// in units of 100 ns, then bucket and count of each bucket that is not empty. Rows outlive a version: this never
/// changes.
/// </remarks>
public sealed class DurationCounts
{
    private const int BytesMax = 10;

    private readonly long[] _counts = new long[DurationHistogram.BucketCount];
    private long _total;

    /// <summary>True while nothing was added.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Adds one duration; a negative one counts as zero.</summary>
    /// <param name="duration">The duration.</param>
    public void Add(TimeSpan duration)
    {
        _counts[DurationHistogram.Bucket(duration)]++;
        AddTotal(Math.Max(0, duration.Ticks));
        IsEmpty = false;
    }

    /// <summary>Adds what <see cref="ToBytes"/> wrote; buckets that this version does not know are left out.</summary>
    /// <param name="bytes">What was written; may be empty.</param>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (!TryRead(ref bytes, out var total))
        {
            return;
        }

        AddTotal(total);
        while (TryRead(ref bytes, out var bucket) && TryRead(ref bytes, out var count))
        {
            if (bucket is >= 0 and < DurationHistogram.BucketCount)
            {
                _counts[bucket] += count;
                IsEmpty &= count == 0;
            }
        }
    }

    /// <summary>The sums as bytes; empty when nothing was added.</summary>
    public byte[] ToBytes()
    {
        if (IsEmpty)
        {
            return [];
        }

        Span<byte> bytes = stackalloc byte[((2 * DurationHistogram.BucketCount) + 1) * BytesMax];
        var length = Write(bytes, 0, _total);
        for (var i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] != 0)
            {
                length = Write(bytes, length, i);
                length = Write(bytes, length, _counts[i]);
            }
        }

        return bytes[..length].ToArray();
    }

    /// <summary>The sums as a histogram.</summary>
    public DurationHistogram ToHistogram() =>
        IsEmpty ? DurationHistogram.Empty : new([.. _counts], TimeSpan.FromTicks(_total));

    /// <summary>Forgets all that was added.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        _total = 0;
        IsEmpty = true;
    }

    /// <summary>The histogram of what <see cref="ToBytes"/> wrote.</summary>
    /// <param name="bytes">What was written; may be empty.</param>
    public static DurationHistogram Read(ReadOnlySpan<byte> bytes)
    {
        var counts = new DurationCounts();
        counts.Add(bytes);
        return counts.ToHistogram();
    }

    // The sum of a histogram stays at the longest span there is, instead of running over.
    private void AddTotal(long ticks) => _total = ticks > long.MaxValue - _total ? long.MaxValue : _total + ticks;

    private static int Write(Span<byte> bytes, int at, long value)
    {
        var rest = (ulong)value;
        while (rest >= 0x80)
        {
            bytes[at++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        bytes[at++] = (byte)rest;
        return at;
    }

    private static bool TryRead(ref ReadOnlySpan<byte> bytes, out long value)
    {
        var (sum, shift) = (0UL, 0);
        for (var i = 0; i < bytes.Length && i < BytesMax; i++, shift += 7)
        {
            sum |= (ulong)(bytes[i] & 0x7F) << shift;
            if (bytes[i] < 0x80)
            {
                value = (long)sum;
                bytes = bytes[(i + 1)..];
                return true;
            }
        }

        value = 0;
        return false;
    }
}
