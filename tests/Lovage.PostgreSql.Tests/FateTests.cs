using System.Globalization;
using Lovage.PostgreSql.Life;
using Lovage.Specification;
using Lovage.Storage;
using Lovage.Storage.Plans;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>
/// What the SQL says becomes of a job is what the plans say that all storages share, in each case that there is.
/// </summary>
public sealed class FateTests : SchemaTests
{
    private static readonly string?[] Reasons = [null, "why"];
    private static readonly bool[] Both = [false, true];

    [Fact]
    public async Task Outcome_EachCase_IsThePlans()
    {
        var cases =
            (from decision in Enum.GetValues<JobDecision>()
             where decision is not (JobDecision.Ignore or JobDecision.Release)
             from cancel in Both
             from reason in Reasons
             from cancelReason in Reasons
             from progress in new double?[] { null, 0.25 }
             select (decision, cancel, reason, cancelReason, progress)).ToArray();
        var outcomes = Values(cases.Select(static (item, n) =>
        {
            var state = (int)JobLifecycle.After(item.decision, JobState.Running);
            var message = item.progress is null ? "NULL::text" : "'half'";
            return $"{n}, {state}::smallint, {Text(item.reason)}, '3'::bytea, {Number(item.progress)}, {message}";
        }));
        var claims = Values(cases.Select(static (item, n) => $"{n}, {item.cancel}, {Text(item.cancelReason)}"));
        var rows = await ReadAsync($"""
            SELECT {EndClaim.OutcomeState}, {EndClaim.OutcomeRetries}, {EndClaim.OutcomeFails}, {EndClaim.OutcomeEnds},
              {EndClaim.OutcomeReason}, {EndClaim.OutcomeResult}, {EndClaim.OutcomeProgress},
              {EndClaim.OutcomeProgressMessage}
            FROM (VALUES {outcomes}) AS i(n, state, reason, result, progress, progress_message)
            JOIN (VALUES {claims}) AS c(n, cancel, cancel_reason) USING (n)
            CROSS JOIN LATERAL (SELECT c.cancel, c.cancel_reason, 5 AS retries, 0.75::double precision AS progress,
              'claim' AS progress_message) k ORDER BY n
            """);

        Assert.Equal(cases.Length, rows.Count);
        for (var i = 0; i < cases.Length; i++)
        {
            var (decision, cancel, reason, cancelReason, progress) = cases[i];
            var plan = OutcomePlan.Of(Outcome(decision, reason), cancel, cancelReason);
            Assert.Equal(
                [
                    (short)plan.State,
                    5 + (plan.IsRetry ? 1 : 0),
                    plan.IsRetry,
                    plan.State.IsFinal,
                    plan.Reason,
                    plan.IsRetry ? null : "3"u8.ToArray(),
                    plan.IsRetry ? null : progress ?? 0.75,
                    plan.IsRetry ? null : progress is null ? "claim" : "half",
                ],
                rows[i]);
        }
    }

    [Fact]
    public async Task LostClaim_EachCase_IsThePlans()
    {
        var cases =
            (from deaths in Enumerable.Range(0, JobLifecycle.DeathsMax + 2)
             from ahead in Both
             from cancel in Both
             from cancelReason in Reasons
             select (deaths, ahead, cancel, cancelReason)).ToArray();
        var claims = Values(cases.Select(static (item, n) =>
            $"{n}, {item.deaths}, {item.ahead}, {item.cancel}, {Text(item.cancelReason)}"));
        var rows = await ReadAsync($"""
            SELECT d.died, r.state, (SELECT {EndClaim.LostReason} FROM (SELECT r.state) s), {EndClaim.ReleaseState},
              (SELECT {EndClaim.LostReason} FROM (SELECT {EndClaim.ReleaseState} AS state) s)
            FROM (VALUES {claims}) AS e(n, deaths, ahead, cancel, cancel_reason)
            CROSS JOIN LATERAL (SELECT {EndClaim.ReclaimDeaths} AS died) d
            CROSS JOIN LATERAL (SELECT {EndClaim.ReclaimState($"{JobLifecycle.DeathsMax}")} AS state) r ORDER BY n
            """);

        Assert.Equal(cases.Length, rows.Count);
        for (var i = 0; i < cases.Length; i++)
        {
            var (deaths, ahead, cancel, cancelReason) = cases[i];
            var died = deaths + (ahead ? 1 : 0);
            var reclaimed = ReturnPlan.Reclaimed(died, cancel, cancelReason);
            var released = ReturnPlan.Released(cancel, cancelReason);
            Assert.Equal(
                [died, (short)reclaimed.State, reclaimed.Reason, (short)released.State, released.Reason], rows[i]);
        }
    }

    [Fact]
    public async Task Decline_EachCase_IsThePlans()
    {
        const long Now = 1_000;
        const string Worker = "host:1";
        var limit = new TimeSpan(100);
        string long0 = new('x', OfferReasons.AskedMax), long1 = new('x', OfferReasons.AskedMax + 1);
        var cases =
            (from first in new long?[] { null, Now, Now - 99, Now - 100, Now - 101 }
             from asked in new[] { null, Worker, "host:12", "a:1, host:1, b:2", "host:11, ahost:1", long0, long1 }
             select (first, asked)).ToArray();
        var offers = Values(cases.Select(static (item, n) =>
            $"{n}, {item.first ?? Now}::bigint, {Text(item.asked)}, '{Worker}', {Now}::bigint, false"));
        var rows = await ReadAsync($"""
            SELECT s.* FROM (VALUES {offers}) AS e(n, first_offer_at, asked, worker, now, cancel)
            CROSS JOIN LATERAL (SELECT {EndClaim.DeclineState($"{limit.Ticks}")},
              {EndClaim.Asked($"'{OfferReasons.Separator}'", $"{OfferReasons.AskedMax}")}) s ORDER BY n
            """);

        Assert.Equal(cases.Length, rows.Count);
        for (var i = 0; i < cases.Length; i++)
        {
            var plan = OfferPlan.Declined(cases[i].first, cases[i].asked, Worker, limit, Now);
            Assert.Equal([(short)plan.State, plan.Asked], rows[i]);
        }

        Assert.Equal(
            [(short)JobState.Cancelled],
            Assert.Single(await ReadAsync(
                $"SELECT {EndClaim.DeclineState("0")} FROM (SELECT true AS cancel, 1 AS now, 0 AS first_offer_at) e")));
    }

    private static string Values(IEnumerable<string> rows) => string.Join(", ", rows.Select(static row => $"({row})"));

    private static string Text(string? text) => text is null ? "NULL::text" : $"'{text}'";

    private static string Number(double? number) => number is { } value
        ? string.Create(CultureInfo.InvariantCulture, $"{value}::double precision")
        : "NULL::double precision";

    private Settlement Outcome(JobDecision decision, string? reason) => new()
    {
        Token = new LeaseToken(1, 1),
        Id = Data.Id(),
        Decision = decision,
        Attempt = Data.Attempt(),
        Reason = reason,
    };

    private async Task<List<object?[]>> ReadAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Stop);
        var rows = new List<object?[]>();
        while (await reader.ReadAsync(Stop))
        {
            var row = new object?[reader.FieldCount];
            for (var column = 0; column < row.Length; column++)
            {
                row[column] = await reader.IsDBNullAsync(column, Stop) ? null : reader.GetValue(column);
            }

            rows.Add(row);
        }

        return rows;
    }
}
