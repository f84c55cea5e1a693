using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.PostgreSql.Writing;
using Lovage.Storage;
using Lovage.Storage.Plans;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>Reads failures by their cause.</summary>
internal sealed class FailureReading(SchemaName schema, Words words)
{
    // $1: the time, $2: groups at the most, $3: the earliest newest failure, $4: a fingerprint, or null, $5: the number
    // of a name, or null. Comes back for each group: fingerprint, name, error, sample, first and newest failure, the
    // steps with failures, how many each of them has, the time. Lines that are not summed up yet count, in the same
    // snapshot.
    private static readonly string Read = $"""
        WITH {Sql.Clock},
        known AS (
          SELECT fingerprint, name, first_at, last_at FROM lovage.failure
          UNION ALL SELECT fingerprint, name, at, at FROM lovage.fault),
        groups AS MATERIALIZED (
          SELECT k.fingerprint, min(k.name) AS name, min(k.first_at) AS first_at, max(k.last_at) AS last_at FROM known k
          WHERE ($4::bigint IS NULL OR k.fingerprint = $4) AND ($5::integer IS NULL OR k.name = $5)
          GROUP BY k.fingerprint HAVING max(k.last_at) >= $3 ORDER BY max(k.last_at) DESC, k.fingerprint LIMIT $2),
        newest AS (
          SELECT DISTINCT ON (e.fingerprint) e.fingerprint, e.sample, e.error FROM (
            SELECT f.fingerprint, f.last_at, f.sample, f.error FROM groups g
              JOIN lovage.failure f ON f.fingerprint = g.fingerprint
            UNION ALL SELECT f.fingerprint, f.at, f.sample, f.error FROM lovage.fault f
              WHERE f.fingerprint IN (SELECT fingerprint FROM groups)) e
          ORDER BY e.fingerprint, e.last_at DESC),
        counted AS (
          SELECT s.fingerprint, s.step, sum(s.count)::bigint AS count FROM (
            SELECT s.* FROM groups g CROSS JOIN LATERAL (
              SELECT s.fingerprint, s.step, s.count FROM lovage.failure_step s
              WHERE s.fingerprint = g.fingerprint OFFSET 0) s
            UNION ALL SELECT f.fingerprint, {Hours.StepOf("f.at")}, f.count FROM lovage.fault f
              WHERE f.fingerprint IN (SELECT fingerprint FROM groups)) s
          GROUP BY s.fingerprint, s.step),
        steps AS (
          SELECT fingerprint, array_agg(step ORDER BY step) AS steps, array_agg(count ORDER BY step) AS counts
          FROM counted GROUP BY fingerprint)
        SELECT g.fingerprint, n.text, e.error, e.sample, g.first_at, g.last_at, s.steps, s.counts,
          (SELECT now FROM clock)
        FROM groups g JOIN newest e ON e.fingerprint = g.fingerprint JOIN lovage.word n ON n.id = g.name
          LEFT JOIN steps s ON s.fingerprint = g.fingerprint
        """;

    private readonly string _read = schema.Sql(Read);

    internal async Task<IReadOnlyList<FailureGroup>> ReadAsync(
        NpgsqlConnection connection, FailureQuery query, long? now, CancellationToken cancellationToken)
    {
        long? fingerprint = null;
        if (query.Fingerprint is { } text && (fingerprint = Faults.Number(text)) is null)
        {
            return [];
        }

        int? name = null;
        if (query.Name is { } asked)
        {
            if (!(await words.FindAsync(connection, [asked], cancellationToken)).TryGetValue(asked, out var number))
            {
                return [];
            }

            name = number;
        }

        var statement = new Statement(_read)
            .Add(now)
            .Add((long)query.Limit)
            .Add(query.Since is { } since ? StorageTime.From(since) : long.MinValue)
            .Add(fingerprint)
            .Add(name);
        await using var rows = await connection.ReadAsync(statement, cancellationToken);
        var groups = new List<FailureGroup>();
        while (await rows.ReadAsync(cancellationToken))
        {
            groups.Add(Group(rows));
        }

        // As texts, fingerprints are numbers without a sign.
        groups.Sort(static (left, right) => left.LastAt != right.LastAt
            ? right.LastAt.CompareTo(left.LastAt)
            : string.CompareOrdinal(left.Fingerprint, right.Fingerprint));
        return groups;
    }

    private static FailureGroup Group(NpgsqlDataReader row)
    {
        var windows = FailureWindows.Of(
            row.IsDBNull(6) ? [] : row.GetFieldValue<int[]>(6).Select(static step => (long)step)
                .Zip(row.GetFieldValue<long[]>(7)),
            row.GetInt64(8));
        return new FailureGroup
        {
            Fingerprint = Faults.Text(row.GetInt64(0)),
            Name = row.GetString(1),
            Error = AttemptColumns.ToError(row.GetFieldValue<byte[]>(2))!,
            Sample = row.Id(3),
            FirstAt = StorageTime.To(row.GetInt64(4)),
            LastAt = StorageTime.To(row.GetInt64(5)),
            LastHour = windows.LastHour,
            LastDay = windows.LastDay,
            LastWeek = windows.LastWeek,
            Hours = windows.Hours,
        };
    }
}
