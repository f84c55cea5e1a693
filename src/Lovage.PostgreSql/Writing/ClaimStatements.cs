using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>Changes claims that go on: renewals, starts and progress.</summary>
internal sealed class ClaimStatements(SchemaName schema)
{
    private const int TokensAt = 3;
    private const int StartsAt = 1;

    private static readonly Input<LeaseToken> Tokens = new Input<LeaseToken>()
        .Int64("job", static token => token.Claim)
        .Int64("stamp", static token => token.Stamp);

    private static readonly Input<JobStart> Starts = new Input<JobStart>()
        .Int64("job", static start => start.Token.Claim)
        .Int64("stamp", static start => start.Token.Stamp)
        .Int64("started_at", static start => StorageTime.From(start.StartedAt))
        .Boolean("ahead", static start => start.Ahead);

    private static readonly Input<ProgressUpdate> Updates = new Input<ProgressUpdate>()
        .Int64("job", static update => update.Token.Claim)
        .Int64("stamp", static update => update.Token.Stamp)
        .DoubleOrNull("progress", static update => update.Fraction)
        .Text("message", static update => update.Message)
        .BytesOrNull("lines", static update => update.Lines.Count == 0
            ? null
            : AttemptColumns.FromLogs(update.Lines));

    // $1: the time, $2: how long the leases last, in units of 100 ns. Then the tokens. Comes back: stamp, whether the
    // job is to be cancelled.
    private static readonly string Renew = $"""
        WITH {Sql.Clock}
        UPDATE lovage.claim k SET until = clock.now + $2 FROM clock
          WHERE k.job = ANY ({Tokens.Parameter(TokensAt, "job")})
          AND k.stamp = ANY ({Tokens.Parameter(TokensAt, "stamp")}) RETURNING k.stamp, k.cancel
        """;

    // The starts, in units of 100 ns since 1970. Comes back: the stamps of those that are held.
    private static readonly string Start = $"""
        WITH started AS (
          UPDATE lovage.claim k SET started_at = coalesce(k.started_at, i.started_at), ahead = k.ahead OR i.ahead,
            offers = NULL
          FROM {Starts.Rows(StartsAt)}
          WHERE k.job = ANY ({Starts.Parameter(StartsAt, "job")}) AND k.job = i.job AND k.stamp = i.stamp
          RETURNING k.job, k.stamp, k.again),
        cleared AS ({CourseWrite.Update(
            "started", "o.again AND c.offers > 0", [.. KeepAttempt.ForgetOffers, new("reason", "NULL")])})
        SELECT stamp FROM started
        """;

    // The updates: progress of 0 to 1, or null, a message, and the newest lines, or null. Nothing comes back.
    private static readonly string Report = $"""
        UPDATE lovage.claim k SET progress = coalesce(i.progress, k.progress),
          progress_message = CASE WHEN i.progress IS NULL THEN k.progress_message ELSE i.message END,
          lines = coalesce(i.lines, k.lines)
        FROM {Updates.Rows(StartsAt)}
        WHERE k.job = ANY ({Updates.Parameter(StartsAt, "job")}) AND k.job = i.job AND k.stamp = i.stamp
        """;

    private readonly string _renew = schema.Sql(Renew);
    private readonly string _start = schema.Sql(Start);
    private readonly string _report = schema.Sql(Report);

    internal Statement RenewOf(IReadOnlyList<LeaseToken> tokens, TimeSpan lease, long? now) =>
        Tokens.AddTo(new Statement(_renew).Add(now).Add(StorageTime.Span(lease)), tokens);

    internal async Task<HashSet<long>> StartAsync(NpgsqlConnection connection, IReadOnlyList<JobStart> starts)
    {
        // Several for one claim are one start, which was ahead if any of them was.
        JobStart[] sorted =
        [
            .. starts.GroupBy(static start => start.Token)
                .Select(static same => same.First() with { Ahead = same.Any(static start => start.Ahead) })
                .OrderBy(static start => start.Token.Claim),
        ];
        await using var rows = await connection.ReadAsync(
            Starts.AddTo(new Statement(_start), sorted), CancellationToken.None);
        var held = new HashSet<long>();
        while (await rows.ReadAsync())
        {
            held.Add(rows.GetInt64(0));
        }

        return held;
    }

    internal Task ReportAsync(NpgsqlConnection connection, IReadOnlyList<ProgressUpdate> updates)
    {
        // Of several for one claim the last counts, of its progress and of its lines.
        ProgressUpdate[] sorted =
        [
            .. updates.GroupBy(static update => update.Token)
                .Select(static same => same.Aggregate(Merge))
                .OrderBy(static update => update.Token.Claim),
        ];
        return connection.ExecuteAsync(Updates.AddTo(new Statement(_report), sorted), CancellationToken.None);
    }

    private static ProgressUpdate Merge(ProgressUpdate before, ProgressUpdate after)
    {
        var newest = after.Fraction is null ? before : after;
        return newest with { Lines = after.Lines.Count == 0 ? before.Lines : after.Lines };
    }
}
