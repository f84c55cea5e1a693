using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>Reads jobs and their attempts, each time in one statement and so in one snapshot.</summary>
internal sealed class JobReading(SchemaName schema)
{
    private const int AttemptsMax = 1_000;

    /// <summary>
    /// Columns of a job, as <see cref="JobColumns.Read"/> reads them, then its key: of <c>message m</c> with its words,
    /// <c>course c</c>, <c>claim k</c> and the worker <c>w</c>.
    /// </summary>
    internal const string Columns = $"""
        {MessageRow.Columns}, c.state, c.retries, c.due, c.attempts, k.job IS NOT NULL AS is_held,
        k.started_at IS NOT NULL AS is_started, coalesce(k.started_at, c.started_at) AS begun_at, w.text,
        c.finished_at, c.result, coalesce(c.error, (SELECT a.error FROM lovage.attempt a
          WHERE a.job = c.job AND a.ordinal > c.base AND a.error IS NOT NULL ORDER BY a.ordinal DESC
            LIMIT 1)), c.reason,
        CASE WHEN k.progress IS NULL THEN c.progress ELSE k.progress END,
        CASE WHEN k.progress IS NULL THEN c.progress_message ELSE k.progress_message END, k.cancel, c.offers, m.key
        """;

    internal const int ColumnCount = JobColumns.Count + 1;

    internal const string Joins = $"""
        {MessageRow.Words} LEFT JOIN lovage.course c ON c.job = m.key LEFT JOIN lovage.claim k ON k.job = m.key
        LEFT JOIN lovage.word w ON w.id = {WorkerOf}
        """;

    /// <summary>The number of the worker that runs a job or ran it last.</summary>
    internal const string WorkerOf = "CASE WHEN k.started_at IS NULL THEN c.worker ELSE k.owner END";

    // $1: jobs at the most. Comes back for each job that runs: the columns.
    private const string LongestRunning = $"""
        SELECT {Columns} FROM (
          SELECT s.job, s.started_at AS since FROM lovage.claim s WHERE s.started_at IS NOT NULL
          ORDER BY s.started_at, s.job LIMIT $1) r
        JOIN lovage.message m ON m.key = r.job {Joins} ORDER BY r.since, r.job
        """;

    // $1: the id. Comes back: the newest lines of the attempt that runs.
    private const string LiveLines =
        "SELECT k.lines FROM lovage.message m JOIN lovage.claim k ON k.job = m.key WHERE m.id = $1 AND k.lines IS NOT "
            + "NULL";

    // $1: ids. Comes back for each that is known: the columns, and its number among the ids from 1.
    private const string Find = $"""
        SELECT {Columns}, i.ord FROM unnest($1::text[]) WITH ORDINALITY AS i(id, ord)
        JOIN lovage.message m ON m.id = i.id {Joins}
        """;

    // $1: schedules. Comes back for each that has a job: its number among the schedules from 1, the id and the state of
    // the job.
    private static readonly string NewestOfSchedules = $"""
        SELECT i.ord, m.id, ({Sql.State})::integer FROM unnest($1::text[]) WITH ORDINALITY AS i(schedule, ord)
        CROSS JOIN LATERAL (
          SELECT x.job FROM lovage.mark x WHERE x.kind = {Marks.Schedule} AND x.text = i.schedule
          ORDER BY x.job DESC LIMIT 1) s
        JOIN lovage.message m ON m.key = s.job LEFT JOIN lovage.course c ON c.job = s.job
        LEFT JOIN lovage.claim k ON k.job = s.job
        """;

    // $1: the id, $2: attempts at the most. Comes back for each, oldest first: what AttemptColumns.Read reads.
    private const string Attempts = """
        SELECT s.number, s.ended_as, s.started_at, s.duration, w.text, s.error, s.logs, s.wait FROM (
          SELECT a.ordinal, a.number, a.ended_as, a.started_at, a.duration, a.worker, a.error, a.logs, a.wait
            FROM lovage.message m JOIN lovage.attempt a ON a.job = m.key WHERE m.id = $1
          UNION ALL
          SELECT c.attempts, c.number, c.ended_as, c.started_at, c.duration, c.worker, c.error, c.logs, c.wait
            FROM lovage.message m JOIN lovage.course c ON c.job = m.key WHERE m.id = $1 AND c.ended_as IS NOT NULL
          ORDER BY 1 DESC LIMIT $2) s LEFT JOIN lovage.word w ON w.id = s.worker ORDER BY s.ordinal
        """;

    private readonly string _find = schema.Sql(Find);
    private readonly string _newestOfSchedules = schema.Sql(NewestOfSchedules);
    private readonly string _attempts = schema.Sql(Attempts);
    private readonly string _longestRunning = schema.Sql(LongestRunning);
    private readonly string _liveLines = schema.Sql(LiveLines);

    /// <summary>The key of the row's job.</summary>
    internal static long KeyOf(NpgsqlDataReader row) => row.GetInt64(JobColumns.Count);

    internal async Task<IReadOnlyList<JobRecord?>> FindAsync(
        NpgsqlConnection connection, IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(_find).Add([.. ids.Select(static id => id.Value)]), cancellationToken);
        var row = new Row(rows);
        var records = new JobRecord?[ids.Count];
        while (await rows.ReadAsync(cancellationToken))
        {
            records[(int)rows.GetInt64(ColumnCount) - 1] = JobColumns.Read(row);
        }

        return records;
    }

    internal async Task<IReadOnlyList<ScheduledJob?>> NewestOfSchedulesAsync(
        NpgsqlConnection connection, IReadOnlyList<string> schedules, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(_newestOfSchedules).Add([.. schedules]), cancellationToken);
        var jobs = new ScheduledJob?[schedules.Count];
        while (await rows.ReadAsync(cancellationToken))
        {
            jobs[(int)rows.GetInt64(0) - 1] = new ScheduledJob(
                JobId.Parse(rows.GetString(1)), (JobState)rows.GetInt32(2));
        }

        return jobs;
    }

    internal async Task<IReadOnlyList<AttemptRecord>> AttemptsAsync(
        NpgsqlConnection connection, JobId id, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(_attempts).Add(id.Value).Add((long)AttemptsMax), cancellationToken);
        var row = new Row(rows);
        var attempts = new List<AttemptRecord>();
        while (await rows.ReadAsync(cancellationToken))
        {
            attempts.Add(AttemptColumns.Read(row, 0));
        }

        return attempts;
    }

    internal async Task<IReadOnlyList<JobRecord>> LongestRunningAsync(
        NpgsqlConnection connection, int max, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(_longestRunning).Add((long)max), cancellationToken);
        var row = new Row(rows);
        var jobs = new List<JobRecord>();
        while (await rows.ReadAsync(cancellationToken))
        {
            jobs.Add(JobColumns.Read(row));
        }

        return jobs;
    }

    internal async Task<IReadOnlyList<LogLine>> LiveLinesAsync(
        NpgsqlConnection connection, JobId id, CancellationToken cancellationToken) =>
        AttemptColumns.ToLogs(await connection.ScalarAsync<byte[]>(
            new Statement(_liveLines).Add(id.Value), cancellationToken));
}
