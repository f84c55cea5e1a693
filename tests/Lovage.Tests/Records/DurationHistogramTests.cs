using System.Collections.Immutable;
using Lovage.Storage.Columns;

namespace Lovage.Tests.Records;

public sealed class DurationHistogramTests
{
    [Fact]
    public void Bounds_BeginAtAMillisecondAndDoubleEveryOther()
    {
        Assert.Equal(DurationHistogram.BucketCount - 1, DurationHistogram.Bounds.Length);
        Assert.Equal(TimeSpan.FromMilliseconds(1), DurationHistogram.Bounds[0]);
        Assert.Equal(TimeSpan.FromMilliseconds(2), DurationHistogram.Bounds[2]);
        Assert.InRange(DurationHistogram.Bounds[^1].TotalHours, 26, 27);
        Assert.Equal(DurationHistogram.Bounds.Order(), DurationHistogram.Bounds);
    }

    [Fact]
    public void Bucket_OfAnyDuration_IsTheFirstWhoseBoundIsNotBelow()
    {
        foreach (var duration in Durations(20_000).Append(TimeSpan.MaxValue).Append(TimeSpan.MinValue))
        {
            var index = DurationHistogram.Bounds.ToList().FindIndex(bound => duration <= bound);
            Assert.Equal(index < 0 ? DurationHistogram.BucketCount - 1 : index, DurationHistogram.Bucket(duration));
        }
    }

    [Fact]
    public void Bucket_OfABound_HoldsTheBound()
    {
        for (var i = 0; i < DurationHistogram.Bounds.Length; i++)
        {
            Assert.Equal(i, DurationHistogram.Bucket(DurationHistogram.Bounds[i]));
            Assert.Equal(i + 1, DurationHistogram.Bucket(DurationHistogram.Bounds[i] + TimeSpan.FromTicks(1)));
        }
    }

    [Fact]
    public void Quantile_OfAnyDurations_IsWithinOneBucketOfTheTruth()
    {
        var all = Durations(5_000).Where(static d => d > TimeSpan.FromMilliseconds(1) && d < TimeSpan.FromHours(20))
            .Order().ToArray();
        var histogram = Of(all);
        foreach (var part in new[] { 0.01, 0.25, 0.5, 0.95, 0.99, 1 })
        {
            var truth = all[Math.Max(0, (int)Math.Ceiling(part * all.Length) - 1)];
            Assert.InRange(histogram.Quantile(part)!.Value / truth, 1 / Math.Sqrt(2.01), Math.Sqrt(2.01));
        }
    }

    [Fact]
    public void Quantile_AtTheEdges_IsDefined()
    {
        Assert.Null(DurationHistogram.Empty.Quantile(0.5));
        var longest = Of([TimeSpan.FromDays(3)]);
        Assert.Equal(DurationHistogram.Bounds[^1], longest.Quantile(1));
        Assert.Equal(TimeSpan.Zero, Of([TimeSpan.Zero]).Quantile(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => longest.Quantile(1.01));
        Assert.Throws<ArgumentOutOfRangeException>(() => longest.Quantile(double.NaN));
    }

    [Fact]
    public void Add_Parts_IsTheWhole()
    {
        TimeSpan[] all = [.. Durations(1_000)];
        var sum = all.Chunk(7).Aggregate(DurationHistogram.Empty, static (sum, part) => sum.Add(Of(part)));

        Assert.Equal(Of(all), sum);
        Assert.Equal(Of(all).GetHashCode(), sum.GetHashCode());
        Assert.Equal(1_000, sum.Count);
        Assert.Equal(sum, sum.Add(DurationHistogram.Empty));
        Assert.NotEqual(sum, sum.Add(Of([TimeSpan.Zero])));
    }

    [Fact]
    public void Histogram_OfAnotherLength_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => new DurationHistogram([1, 2], TimeSpan.Zero));
        Assert.Throws<ArgumentException>(() => new DurationHistogram(default(ImmutableArray<long>), TimeSpan.Zero));
    }

    [Fact]
    public void Counts_AsBytes_ComeBackAndAddUp()
    {
        foreach (var size in new[] { 0, 1, 2, 50, 3_000 })
        {
            TimeSpan[] all = [.. Durations(size)];
            var counts = Counts(all);
            Assert.Equal(size == 0, counts.IsEmpty);
            Assert.Equal(Of(all), counts.ToHistogram());
            Assert.Equal(Of(all), DurationCounts.Read(counts.ToBytes()));
            var twice = Counts(all);
            twice.Add(counts.ToBytes());
            Assert.Equal(Of([.. all, .. all]), DurationCounts.Read(twice.ToBytes()));
            twice.Clear();
            Assert.Equal((true, 0), (twice.IsEmpty, twice.ToBytes().Length));
        }
    }

    [Fact]
    public void Counts_OfSomeDurations_HaveTheBytesOfRowsThatThereAre()
    {
        TimeSpan[] all = [TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2)];

        // 40,000 units in all; two in bucket 0 and one in bucket 2.
        Assert.Equal([0xC0, 0xB8, 0x02, 0x00, 0x02, 0x02, 0x01], Counts(all).ToBytes());
        Assert.Equal(Of(all), DurationCounts.Read([0xC0, 0xB8, 0x02, 0x00, 0x02, 0x02, 0x01]));
    }

    [Fact]
    public void Counts_BytesOfALaterVersionOrCutOff_ArePassedOver()
    {
        Assert.Equal(1, DurationCounts.Read([0x90, 0x4E, 0x00, 0x01, 0x7F, 0x05]).Count);
        Assert.Equal(0, DurationCounts.Read([0x90]).Count);
        Assert.Equal(0, DurationCounts.Read([0x90, 0x4E, 0x00]).Count);
        Assert.Equal(0, DurationCounts.Read([.. Enumerable.Repeat((byte)0xFF, 40)]).Count);
    }

    [Fact]
    public void Counts_SumsOfVeryLongDurations_DoNotRunOver()
    {
        var counts = Counts([TimeSpan.MaxValue, TimeSpan.MaxValue, TimeSpan.FromSeconds(-1)]);

        Assert.Equal((3, TimeSpan.MaxValue), (counts.ToHistogram().Count, counts.ToHistogram().Total));
        Assert.Equal(counts.ToHistogram(), DurationCounts.Read(counts.ToBytes()));
    }

    private static DurationHistogram Of(IReadOnlyCollection<TimeSpan> durations)
    {
        var counts = new long[DurationHistogram.BucketCount];
        foreach (var duration in durations)
        {
            counts[DurationHistogram.Bucket(duration)]++;
        }

        return new DurationHistogram([.. counts], TimeSpan.FromTicks(durations.Sum(static d => d.Ticks)));
    }

    private static DurationCounts Counts(IEnumerable<TimeSpan> durations)
    {
        var counts = new DurationCounts();
        foreach (var duration in durations)
        {
            counts.Add(duration);
        }

        return counts;
    }

    // Of every magnitude from 100 ns to some days.
    private static IEnumerable<TimeSpan> Durations(int count)
    {
        var random = new Random(3);
        for (var i = 0; i < count; i++)
        {
            yield return TimeSpan.FromTicks((long)Math.Pow(10, random.NextDouble() * 12.5));
        }
    }
}
