using System.Globalization;
using StackExchange.Redis;

namespace Lovage.Redis.Reading;

/// <summary>
/// The sums of one queue and name, from the fields of a hash: queue|name|what. E enqueued, R retried, a letter for each
/// end; w and r with a bucket, W and T for the sums of waits and runs.
/// </summary>
internal sealed class Sums
{
    private readonly Dictionary<string, long> _sums = new(StringComparer.Ordinal);

    private Sums(string queue, string name) => (Queue, Name) = (queue, name);

    private string Queue { get; }

    private string Name { get; }

    internal static DateTimeOffset Start(long hour) =>
        DateTimeOffset.UnixEpoch.AddTicks(hour * TimeSpan.TicksPerHour);

    internal static IEnumerable<Sums> Group(HashEntry[] fields)
    {
        var groups = new Dictionary<(string, string), Sums>();
        foreach (var field in fields)
        {
            var parts = field.Name.ToString().Split('|');
            if (!groups.TryGetValue((parts[0], parts[1]), out var group))
            {
                groups.Add((parts[0], parts[1]), group = new Sums(parts[0], parts[1]));
            }

            group._sums[parts[2]] = (long)field.Value;
        }

        return groups.Values;
    }

    internal JobCounter ToCounter() => new()
    {
        Queue = Queue,
        Name = Name,
        Enqueued = Of("E"),
        Succeeded = Of("S"),
        Failed = Of("F"),
        Retried = Of("R"),
        Cancelled = Of("C"),
        Expired = Of("X"),
        Dead = Of("D"),
    };

    internal JobStatistics ToStatistics(DateTimeOffset hour) => new()
    {
        Hour = hour,
        Queue = Queue,
        Name = Name,
        Enqueued = Of("E"),
        Succeeded = Of("S"),
        Failed = Of("F"),
        Retried = Of("R"),
        Cancelled = Of("C"),
        Expired = Of("X"),
        Dead = Of("D"),
        Wait = Histogram("w", "W"),
        Run = Histogram("r", "T"),
    };

    private long Of(string what) => _sums.GetValueOrDefault(what);

    private DurationHistogram Histogram(string buckets, string total) => new(
        [
            .. Enumerable.Range(0, DurationHistogram.BucketCount)
                .Select(bucket => Of(buckets + bucket.ToString(CultureInfo.InvariantCulture))),
        ],
        TimeSpan.FromTicks(Of(total)));
}
