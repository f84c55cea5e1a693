using System.Globalization;
using Lovage.Sqlite.Native;
using Lovage.Storage;

namespace Lovage.Sqlite.Schema;

/// <summary>A line of a schedule's history as a row of <c>tick</c>.</summary>
internal static class TickRow
{
    internal const string Columns = "t.tick, t.through, t.count, t.status, t.job, t.recorded_at";

    /// <summary>A condition on <c>schedule_open o</c>: its job is there and has not ended.</summary>
    internal static readonly string IsUnfinished =
        "EXISTS (SELECT 1 FROM job j LEFT JOIN course c ON c.job = j.key WHERE j.key = o.job AND (c.state IS NULL OR "
            + $"c.state NOT IN ({FinalStates()})))";

    internal static TickRecord Read(SqliteStatement row) => new(StorageTime.To(row.Int64(0)), (TickStatus)row.Int32(3))
    {
        Through = StorageTime.To(row.Int64(1)),
        Count = row.Int64(2),
        JobId = row.IsNull(4) ? null : JobId.Parse(row.Text(4)),
        RecordedAt = StorageTime.To(row.Int64(5)),
    };

    private static string FinalStates() =>
        string.Join(", ", Enum.GetValues<JobState>()
            .Where(static state => state.IsFinal)
            .Select(static state => ((int)state).ToString(CultureInfo.InvariantCulture)));
}
