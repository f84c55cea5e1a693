using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Life;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Ends claims that had no outcome: released, declined, reclaimed, and those of looks whose reply was lost.
/// </summary>
/// <remarks>
/// Comes back from each: a row a claim, with the job's id and its state; for a job that ended also its name and why.
/// </remarks>
internal sealed class LostClaimStatements(SchemaName schema)
{
    private const int TokensAt = 2;
    private const int OffersAt = 6;

    private static readonly Input<LeaseToken> Tokens = new Input<LeaseToken>()
        .Int64("job", static token => token.Claim)
        .Int64("stamp", static token => token.Stamp);

    private static readonly Input<DeclinedOffer> Offers = new Input<DeclinedOffer>()
        .Int64("job", static offer => offer.Token.Claim)
        .Int64("stamp", static offer => offer.Token.Stamp)
        .Int64("delay", static offer => StorageTime.Span(offer.Delay))
        .Text("worker", static offer => offer.Worker);

    // $1: the time. Then the tokens.
    private static readonly string Release =
        $"WITH {Sql.Clock}, {EndClaim.Named(Tokens, TokensAt)}, {Released}";

    // $1: the time, $2: the owner (its number), $3: the numbers of its lost looks. The table holds what runs now and
    // nothing more: it is read as a whole.
    private static readonly string ReleaseLooks = $"""
        WITH {Sql.Clock},
        given AS MATERIALIZED (SELECT k.job, k.stamp FROM lovage.claim k WHERE k.owner = $2 AND k.look = ANY ($3)),
        {Released}
        """;

    // $1: the time, $2: dead owners (their numbers), $3: claims at the most, $4: the deaths that a job bears no more.
    // The table holds what runs now and nothing more: it is read as a whole.
    private static readonly string Reclaim = $"""
        WITH {Sql.Clock},
        given AS MATERIALIZED (
          SELECT k.job, k.stamp FROM lovage.claim k WHERE k.until <= (SELECT now FROM clock)
            OR k.owner = ANY ($2::integer[]) ORDER BY k.stamp LIMIT $3 FOR UPDATE SKIP LOCKED),
        ended AS ({EndClaim.DeleteNamed("given")}),
        fate AS MATERIALIZED ({Fate(EndClaim.ReclaimDeaths, EndClaim.ReclaimState("$4"))}),
        {After(Ends.OwnerDied, Place.Ready(
            $"fate WHERE state = {States.Queued}",
            again: "again OR started_at IS NOT NULL",
            readyAt: "ready_at",
            lane: Lanes.Orphans))}
        """;

    // $1: the time, $2: how long a job may be offered, in units of 100 ns, $3: the last instant there is, $4: what
    // stands before the workers in the reason of a job that ended, $5: the same for one that waits. Then the offers,
    // their delays in units of 100 ns.
    private static readonly string Decline = $"""
        WITH {Sql.Clock}, {EndClaim.Named(Offers, OffersAt, ", i.delay, i.worker")},
        ended AS ({EndClaim.DeleteNamed("given", ", g.delay, g.worker")}),
        offered AS MATERIALIZED (
          SELECT e.*, e.deaths AS died, clock.now, coalesce(c.first_offer_at, clock.now) AS first_offer_at, c.asked
          FROM ended e CROSS JOIN clock LEFT JOIN LATERAL (SELECT c.first_offer_at, c.asked FROM lovage.course c
            WHERE e.again AND c.job = e.job OFFSET 0) c ON true),
        fate AS MATERIALIZED (
          SELECT e.*, s.state, CASE WHEN s.state {States.HaveEnded} THEN e.now END AS finished_at,
            CASE s.state WHEN {States.Cancelled} THEN e.cancel_reason WHEN {States.Dead} THEN $4 || s.asked_now
              ELSE $5 || s.asked_now END AS reason,
            CASE WHEN s.state = {States.Scheduled} THEN least(e.now + e.delay, $3) END AS due,
            CASE WHEN s.state = {States.Cancelled} THEN e.offers ELSE coalesce(e.offers, 0) + 1 END AS offers_now,
            CASE WHEN s.state = {States.Cancelled} THEN e.asked ELSE s.asked_now END AS asked_now
          FROM offered e CROSS JOIN LATERAL (SELECT {EndClaim.DeclineState("$2")} AS state,
            {EndClaim.Asked($"'{OfferReasons.Separator}'", $"{OfferReasons.AskedMax}")} AS asked_now) s),
        {After(
            Ends.Interrupted,
            Place.Delayed($"fate WHERE state = {States.Scheduled}"),
            new("due", "o.due", CourseRows.KnownOnlyWhenNotNull),
            new("offers", "o.offers_now"),
            new("first_offer_at", "o.first_offer_at"),
            new("asked", "o.asked_now"))}
        """;

    private readonly string _release = schema.Sql(Release);
    private readonly string _releaseLooks = schema.Sql(ReleaseLooks);
    private readonly string _reclaim = schema.Sql(Reclaim);
    private readonly string _decline = schema.Sql(Decline);

    /// <summary>Releases claims to the front of their queues.</summary>
    internal Task<EndedClaims> ReleaseAsync(
        NpgsqlConnection connection, IReadOnlyList<LeaseToken> tokens, long? now) =>
        ReadAsync(connection, Tokens.AddTo(
            new Statement(_release).Add(now), [.. tokens.Distinct().OrderBy(static token => token.Claim)]));

    /// <summary>Releases the claims of looks whose reply was lost.</summary>
    internal Task<EndedClaims> ReleaseLooksAsync(NpgsqlConnection connection, int owner, long[] looks, long? now) =>
        ReadAsync(connection, new Statement(_releaseLooks).Add(now).Add(owner).Add(looks));

    /// <summary>Reclaims what dead owners hold, by the rule of <see cref="JobLifecycle"/>.</summary>
    internal Task<EndedClaims> ReclaimAsync(NpgsqlConnection connection, int[] deadOwners, int max, long? now) =>
        ReadAsync(connection, new Statement(_reclaim).Add(now).Add(deadOwners).Add((long)max)
            .Add(JobLifecycle.DeathsMax));

    /// <summary>Ends the claims of offers that workers decline.</summary>
    internal Task<EndedClaims> DeclineAsync(
        NpgsqlConnection connection, IReadOnlyList<DeclinedOffer> offers, TimeSpan limit, long? now)
    {
        var statement = new Statement(_decline)
            .Add(now)
            .Add(StorageTime.Span(limit))
            .Add(StorageTime.Latest)
            .Add(OfferReasons.EndedPrefix(limit))
            .Add(OfferReasons.WaitingPrefix);
        return ReadAsync(connection, Offers.AddTo(
            statement,
            [.. offers.DistinctBy(static offer => offer.Token).OrderBy(static offer => offer.Token.Claim)]));
    }

    private static string Released => $"""
        ended AS ({EndClaim.DeleteNamed("given")}),
        fate AS MATERIALIZED ({Fate("e.deaths", EndClaim.ReleaseState)}),
        {After(Ends.Interrupted, Place.Ready(
            $"fate WHERE state = {States.Queued}",
            again: "again OR started_at IS NOT NULL",
            readyAt: "ready_at",
            lane: "lane"))}
        """;

    /// <summary>What becomes of the jobs of the claims <c>ended</c>.</summary>
    private static string Fate(string deaths, string state) => $"""
        SELECT e.*, d.died, s.state, clock.now, CASE WHEN s.state {States.HaveEnded} THEN clock.now END AS finished_at,
          {EndClaim.LostReason} AS reason
        FROM ended e CROSS JOIN clock CROSS JOIN LATERAL (SELECT {deaths} AS died) d
          CROSS JOIN LATERAL (SELECT {state} AS state) s
        """;

    /// <summary>
    /// Writes what <c>fate</c> says. Attempts with a known start and jobs without one are disjoint rows.
    /// </summary>
    private static string After(string end, string placed, params CourseColumn[] more) => $"""
        archived AS ({KeepAttempt.Archive("fate", "o.started_at IS NOT NULL")}),
        attempted AS ({CourseWrite.Upsert("fate", "o.started_at IS NOT NULL", [
            .. KeepAttempt.Lost(end),
            .. EndJob.Columns,
            new("seq", "o.seq", CourseRows.New),
            new("retries", "o.retries"),
            new("deaths", "o.died"),
            new("result", "NULL", CourseRows.Known),
            new("progress", $"CASE WHEN o.state = {States.Dead} THEN o.progress END"),
            new("progress_message", $"CASE WHEN o.state = {States.Dead} THEN o.progress_message END"),
            .. more,
        ])}),
        unattempted AS ({CourseWrite.Upsert(
            "fate", $"o.started_at IS NULL AND o.state <> {States.Queued}", [.. EndJob.Columns, .. more])}),
        placed AS ({placed}),
        counted AS ({Tally.OfAttempts(
            "fate",
            "CASE WHEN started_at IS NOT NULL THEN owner END",
            [
                ("claimed", Tally.MinusRows),
                ("ready", Tally.Where($"state = {States.Queued}")),
                ("delayed", Tally.Where($"state = {States.Scheduled}")),
                .. EndJob.Counts,
            ])})
        SELECT id, state, CASE WHEN state {States.HaveEnded} THEN (SELECT w.text FROM lovage.word w
          WHERE w.id = fate.name) END, reason FROM fate
        """;

    private static async Task<EndedClaims> ReadAsync(NpgsqlConnection connection, Statement statement)
    {
        await using var rows = await connection.ReadAsync(statement, CancellationToken.None);
        var ended = new List<EndedJob>();
        var count = 0;
        while (await rows.ReadAsync())
        {
            count++;
            var state = (JobState)rows.GetInt16(1);
            if (state.IsFinal)
            {
                ended.Add(new EndedJob(rows.Id(0), rows.GetString(2), state, rows.TextOrNull(3)));
            }
        }

        return new EndedClaims(count, ended);
    }
}

/// <summary>What became of claims that had no outcome.</summary>
/// <param name="Count">Claims that ended.</param>
/// <param name="Ended">The jobs among them that ended too.</param>
internal sealed record EndedClaims(int Count, IReadOnlyList<EndedJob> Ended);
