using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>Reads jobs and their attempts, each time in one statement and so in one snapshot.</summary>
internal sealed class JobReading(SchemaName schema)
{
    private const int AttemptsMax = 1_000;
    private const int First = MessageRow.ColumnCount;

    /// <summary>
    /// Columns of a job: <c>message m</c> with its words, <c>course c</c>, <c>claim k</c> and the worker <c>w</c>.
    /// </summary>
    internal const string Columns = $"""
        {MessageRow.Columns}, c.state, c.retries, c.due, c.attempts, k.job IS NOT NULL AS is_held,
        k.started_at IS NOT NULL AS is_started, coalesce(k.started_at, c.started_at) AS begun_at, w.text,
        c.finished_at, c.result, coalesce(c.error, (SELECT a.error FROM lovage.attempt a
          WHERE a.job = c.job AND a.ordinal > c.base AND a.error IS NOT NULL ORDER BY a.ordinal DESC LIMIT 1)),
        c.reason,
        CASE WHEN k.progress IS NULL THEN c.progress ELSE k.progress END,
        CASE WHEN k.progress IS NULL THEN c.progress_message ELSE k.progress_message END, coalesce(k.cancel, false),
        m.key
        """;

    internal const int ColumnCount = First + 16;

    internal const string Joins = $"""
        {MessageRow.Words} LEFT JOIN lovage.course c ON c.job = m.key LEFT JOIN lovage.claim k ON k.job = m.key
        LEFT JOIN lovage.word w ON w.id = CASE WHEN k.started_at IS NULL THEN c.worker ELSE k.owner END
        """;

    /// <summary>Where a job stands, as an expression.</summary>
    internal const string State =
        "CASE WHEN k.job IS NULL THEN coalesce(c.state, 1) WHEN k.started_at IS NULL THEN 1 ELSE 2 END";

    private const string Find =
        $"SELECT {Columns}, i.ord FROM unnest($1::text[]) WITH ORDINALITY AS i(id, ord) JOIN lovage.message m ON m.id "
            + $"= i.id {Joins}";

    private const string Attempts = """
        SELECT s.number, s.ended_as, s.started_at, s.duration, w.text, s.error, s.logs FROM (
          SELECT a.ordinal, a.number, a.ended_as, a.started_at, a.duration, a.worker, a.error, a.logs
            FROM lovage.message m JOIN lovage.attempt a ON a.job = m.key WHERE m.id = $1
          UNION ALL
          SELECT c.attempts, c.number, c.ended_as, c.started_at, c.duration, c.worker, c.error, c.logs
            FROM lovage.message m JOIN lovage.course c ON c.job = m.key WHERE m.id = $1 AND c.ended_as IS NOT NULL
          ORDER BY 1 DESC LIMIT $2) s LEFT JOIN lovage.word w ON w.id = s.worker ORDER BY s.ordinal
        """;

    /// <summary>The key of the row's job.</summary>
    internal static long KeyOf(NpgsqlDataReader row) => row.GetInt64(First + 15);

    internal async Task<IReadOnlyList<JobRecord?>> FindAsync(
        NpgsqlConnection connection, IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql(Find)).Add([.. ids.Select(static id => id.Value)]), cancellationToken);
        var records = new JobRecord?[ids.Count];
        while (await rows.ReadAsync(cancellationToken))
        {
            records[(int)rows.GetInt64(First + 16) - 1] = Read(rows);
        }

        return records;
    }

    internal async Task<IReadOnlyList<AttemptRecord>> AttemptsAsync(
        NpgsqlConnection connection, JobId id, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql(Attempts)).Add(id.Value).Add((long)AttemptsMax), cancellationToken);
        var attempts = new List<AttemptRecord>();
        while (await rows.ReadAsync(cancellationToken))
        {
            attempts.Add(new AttemptRecord
            {
                Number = rows.GetInt32(0),
                End = (AttemptEnd)rows.GetInt16(1),
                StartedAt = StorageTime.To(rows.GetInt64(2)),
                Duration = new TimeSpan(rows.GetInt64(3)),
                Worker = rows.TextOrNull(4) ?? "",
                Error = AttemptColumns.ToError(rows.Bytes(5)),
                Logs = AttemptColumns.ToLogs(rows.Bytes(6)),
            });
        }

        return attempts;
    }

    internal static JobRecord Read(NpgsqlDataReader row)
    {
        var isStarted = row.GetBoolean(First + 5);
        return new JobRecord
        {
            Message = MessageRow.Read(row, 0, row.Int32OrNull(First + 1)),
            State = isStarted ? JobState.Running
                : row.GetBoolean(First + 4) || row.IsDBNull(First) ? JobState.Queued
                : (JobState)row.GetInt16(First),
            EnqueuedAt = StorageTime.To(row.GetInt64(6)),
            DueAt = StorageTime.To(row.Int64OrNull(First + 2)),
            StartedAt = StorageTime.To(row.Int64OrNull(First + 6)),
            FinishedAt = StorageTime.To(row.Int64OrNull(First + 8)),
            Attempts = (row.Int32OrNull(First + 3) ?? 0) + (isStarted ? 1 : 0),
            Worker = row.TextOrNull(First + 7),
            Result = row.Bytes(First + 9),
            Error = AttemptColumns.ToError(row.Bytes(First + 10)),
            Reason = row.TextOrNull(First + 11),
            Progress = row.DoubleOrNull(First + 12),
            ProgressMessage = row.TextOrNull(First + 13),
            CancelRequested = row.GetBoolean(First + 14),
        };
    }
}
