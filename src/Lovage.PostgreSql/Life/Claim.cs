using Lovage.PostgreSql.Schema;

namespace Lovage.PostgreSql.Life;

/// <summary>
/// The verb <em>claim</em>: takes places, mints the tokens and writes the leases, in one statement. Rows that another
/// look is taking are passed over, so that no look waits.
/// </summary>
/// <remarks>
/// Parameters of each claim: $1 the time, $2 queues in order (their numbers), $3 the owner (its number), $4 the look,
/// $5 how long the lease lasts in units of 100 ns.
/// </remarks>
internal static class Claim
{
    /// <summary>The number of the first parameter that a statement may use for itself.</summary>
    internal const int ParametersMax = 5;

    /// <summary>The place of the first orphan, as a relation <c>found</c>.</summary>
    internal const string FirstOrphan = $"""
        found AS MATERIALIZED (
          SELECT r.place FROM open CROSS JOIN LATERAL (
            SELECT r.ctid AS place FROM lovage.ready r WHERE r.queue = open.id AND r.lane = {Lanes.Orphans}
              ORDER BY r.priority, r.seq LIMIT 1 FOR UPDATE SKIP LOCKED) r
          LIMIT 1)
        """;

    /// <summary>The first places of stretches, as a relation <c>found</c>.</summary>
    /// <param name="stretches">Numbered rows <c>i</c> of queue, lowest and highest priority, and first place.</param>
    /// <param name="max">Places at the most.</param>
    internal static string FirstOf(string stretches, string max) => $"""
        stretches AS MATERIALIZED (
          SELECT i.* FROM {stretches} WHERE i.queue IN (SELECT id FROM open) ORDER BY i.ord),
        found AS MATERIALIZED (
          SELECT r.place FROM stretches s CROSS JOIN LATERAL (
            SELECT r.ctid AS place FROM lovage.ready r
            WHERE r.queue = s.queue AND r.lane = {Lanes.Ordinary} AND (r.priority, r.seq) >= (s.low, s.floor)
              AND r.priority <= s.high
            ORDER BY r.priority, r.seq LIMIT {max} FOR UPDATE SKIP LOCKED) r
          LIMIT {max})
        """;

    /// <summary>
    /// Claims what stands at the places of <c>found</c>. Comes back: the message with numbered words, then job, stamp,
    /// retries and attempts so far, offers (null for none), when it became ready, the time, its queue, priority and
    /// place.
    /// </summary>
    /// <remarks>
    /// Messages and courses are looked up row by row (OFFSET 0), whatever the planner thinks of tables that fill and
    /// empty within seconds; a course only where there is one.
    /// </remarks>
    internal const string Found = $"""
        picked AS (DELETE FROM lovage.ready WHERE ctid = ANY (ARRAY(SELECT place FROM found)) RETURNING *),
        taken AS MATERIALIZED (
          SELECT nextval('lovage.ticket') AS stamp, s.* FROM (
            SELECT p.seq AS place_seq, p.job, p.ready_at, p.queue AS place_queue, p.lane, p.priority AS place_priority,
              p.again, m.*, coalesce(c.retries, m.retries) AS now_retries, coalesce(c.attempts, 0) AS attempts,
              coalesce(c.deaths, 0) AS deaths, c.offers
            FROM picked p CROSS JOIN LATERAL (SELECT * FROM lovage.message m WHERE m.key = p.job OFFSET 0) m
            LEFT JOIN LATERAL (SELECT c.retries, c.attempts, c.deaths, c.offers FROM lovage.course c
              WHERE p.again AND c.job = p.job OFFSET 0) c ON true
            ORDER BY array_position($2, p.queue), p.priority, p.seq OFFSET 0) s),
        held AS (
          INSERT INTO lovage.claim(job, stamp, owner, look, until, lane, seq, ready_at, again, name, queue, priority,
            retries, attempts, deaths, offers, id)
          SELECT job, stamp, $3, $4, clock.now + $5, lane, place_seq, ready_at, again, name, place_queue,
            place_priority, now_retries, attempts, deaths, offers, id FROM taken CROSS JOIN clock),
        counted AS (
          INSERT INTO lovage.tally(queue, name, ready, claimed) SELECT place_queue, {Tally.NoName}, -count(*), count(*)
            FROM taken GROUP BY place_queue)
        SELECT {MessageRow.NumberedColumns}, m.job, m.stamp, m.now_retries, m.attempts, m.offers,
          coalesce(m.ready_at, m.enqueued_at), (SELECT now FROM clock), m.place_queue, m.place_priority, m.place_seq
        FROM taken m
        """;
}
