using System.Collections.Immutable;
using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>Reads what happened by hour, queue and name.</summary>
internal sealed class StatisticsReading(SchemaName schema, Words words)
{
    private const int Waits = 12;
    private const int Runs = 13;

    // $1: the time, $2 and $3: the first and the last hour; the last one may be null for that of now, $4 and $5: the
    // numbers of queue and name, or null. Comes back for each row of "hour", and of lines that are not summed up yet,
    // both in one snapshot: its columns, queue and name as texts.
    private static readonly string Read = $"""
        WITH {Sql.Clock},
        lines AS MATERIALIZED (
          SELECT * FROM lovage.tally t WHERE t.hour >= $2 AND ($4::integer IS NULL OR t.queue = $4)
            AND ($5::integer IS NULL OR t.name = $5)),
        {HourSums.Of("lines")}
        SELECT s.hour, q.text, n.text, {string.Join(", ", HourSums.Counts.Select(static column => $"s.{column}"))},
          s.waits, s.runs
        FROM (
          SELECT {HourSums.Columns} FROM lovage.hour h WHERE h.hour >= $2 AND ($4::integer IS NULL OR h.queue = $4)
            AND ($5::integer IS NULL OR h.name = $5)
          UNION ALL SELECT {HourSums.Columns} FROM summed) s
        JOIN lovage.word q ON q.id = s.queue JOIN lovage.word n ON n.id = s.name
        WHERE s.hour <= coalesce($3::integer, (SELECT {Hours.Of("now")} FROM clock))
        ORDER BY s.hour, q.text, n.text
        """;

    private readonly string _read = schema.Sql(Read);

    internal async Task<IReadOnlyList<JobStatistics>> ReadAsync(
        NpgsqlConnection connection, StatisticsQuery query, long? now, CancellationToken cancellationToken)
    {
        string[] asked = [.. new[] { query.Queue, query.Name }.OfType<string>()];
        var numbers = await words.FindAsync(connection, asked, cancellationToken);
        if (!asked.All(numbers.ContainsKey))
        {
            return [];
        }

        var statement = new Statement(_read)
            .Add(now)
            .Add(HourOf(query.Since))
            .Add(query.Until is { } until ? HourOf(until) : null)
            .Add(query.Queue is null ? (int?)null : numbers[query.Queue])
            .Add(query.Name is null ? (int?)null : numbers[query.Name]);
        await using var rows = await connection.ReadAsync(statement, cancellationToken);
        var found = new List<JobStatistics>();
        while (await rows.ReadAsync(cancellationToken))
        {
            var read = Row(rows);
            if (found.Count > 0 && IsSame(found[^1], read))
            {
                found[^1] = Add(found[^1], read);
            }
            else
            {
                found.Add(read);
            }
        }

        return found;
    }

    private static int HourOf(DateTimeOffset at) =>
        (int)Math.Floor((decimal)StorageTime.From(at) / Hours.Ticks);

    private static JobStatistics Row(NpgsqlDataReader row) => new()
    {
        Hour = StorageTime.To(row.GetInt32(0) * Hours.Ticks),
        Queue = row.GetString(1),
        Name = row.GetString(2),
        Enqueued = row.GetInt64(3),
        Succeeded = row.GetInt64(4),
        Failed = row.GetInt64(5),
        Retried = row.GetInt64(6),
        Cancelled = row.GetInt64(7),
        Expired = row.GetInt64(8),
        Dead = row.GetInt64(9),
        Wait = Histogram(row, Waits, row.GetInt64(10)),
        Run = Histogram(row, Runs, row.GetInt64(11)),
    };

    private static DurationHistogram Histogram(NpgsqlDataReader row, int column, long total)
    {
        if (row.IsDBNull(column))
        {
            return DurationHistogram.Empty;
        }

        var counts = row.GetFieldValue<long[]>(column);
        Array.Resize(ref counts, DurationHistogram.BucketCount);
        return new DurationHistogram(ImmutableArray.Create(counts), TimeSpan.FromTicks(total));
    }

    private static bool IsSame(JobStatistics left, JobStatistics right) =>
        left.Hour == right.Hour && left.Queue == right.Queue && left.Name == right.Name;

    private static JobStatistics Add(JobStatistics left, JobStatistics right) => left with
    {
        Enqueued = left.Enqueued + right.Enqueued,
        Succeeded = left.Succeeded + right.Succeeded,
        Failed = left.Failed + right.Failed,
        Retried = left.Retried + right.Retried,
        Cancelled = left.Cancelled + right.Cancelled,
        Expired = left.Expired + right.Expired,
        Dead = left.Dead + right.Dead,
        Wait = left.Wait.Add(right.Wait),
        Run = left.Run.Add(right.Run),
    };
}
