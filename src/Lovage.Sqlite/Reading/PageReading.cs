using System.Globalization;
using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Reading;

/// <summary>
/// Pages and counts of jobs. No call reads more than a bound of rows, whatever its filter: a page may come back short,
/// or empty, and still name the place where the next one begins.
/// </summary>
internal static class PageReading
{
    /// <summary>Candidates looked at for one page at the most.</summary>
    internal const int PageScanMax = 100_000;

    /// <summary>Candidates looked at for a count at the least, before it says that it is not exact.</summary>
    internal const int CountScanMin = 100_000;

    internal static JobPage Page(Reader reader, JobQuery query, long before, int scanMax = PageScanMax)
    {
        if (PageFilter.Of(reader, query) is not { } filter)
        {
            return new JobPage([], null);
        }

        // One more than the page tells whether there is another.
        var scan = new PageScan(reader, filter, scanMax);
        var keys = scan.Find(before, query.Limit + 1L);
        var next = keys.Count > query.Limit ? keys[query.Limit - 1] : scan.StoppedAt;
        return new JobPage(
            JobReading.Find(reader, keys.Take(query.Limit)), next?.ToString(CultureInfo.InvariantCulture))
        {
            IsPartial = scan.IsPartial,
        };
    }

    internal static BoundedCount Count(Reader reader, JobQuery query, int max)
    {
        if (IsOfStates(query))
        {
            return CountStates(reader, query.States, max);
        }

        if (PageFilter.Of(reader, query) is not { } filter)
        {
            return new BoundedCount(0, true);
        }

        var scan = new PageScan(reader, filter, Math.Max(max, CountScanMin));
        var count = scan.Find(long.MaxValue, max).Count;
        return new BoundedCount(count, count < max && scan.StoppedAt is null);
    }

    /// <summary>True when nothing but the state matters.</summary>
    private static bool IsOfStates(JobQuery query) =>
        query with { States = [], Limit = 1, After = null } == new JobQuery { States = [], Limit = 1 };

    private static BoundedCount CountStates(Reader reader, IReadOnlyList<JobState> states, int max)
    {
        var total = states.Count == 0
            ? Count(reader, "SELECT key FROM lovage_message", max)
            : states.Distinct().Sum(state => Count(reader, KeysOf(state), max));
        return new BoundedCount(Math.Min(total, max), total < max);
    }

    private static long Count(Reader reader, string keys, int max) =>
        KeyReading.Scalar(reader, $"SELECT count(*) FROM (SELECT 1 FROM ({keys}) LIMIT ?1)", max);

    private static string KeysOf(JobState state) => state switch
    {
        JobState.Running => "SELECT job FROM lovage_claim WHERE started_at IS NOT NULL",
        JobState.Queued =>
            "SELECT job FROM lovage_ready UNION ALL SELECT job FROM lovage_claim WHERE started_at IS NULL",
        _ => $"SELECT job FROM lovage_course WHERE state = {StoredNumbers.Of(state)}",
    };
}
