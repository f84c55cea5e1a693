namespace Lovage.Storage.Columns;

/// <summary>Maps a row to a <see cref="BulkOperation"/>.</summary>
/// <remarks>
/// Stateless, safe for use by several threads. The columns: id, action, filter (<see cref="JobQueryJson"/>), queue and
/// priority of the target, by whom, reason, spread (100 ns), expected, whether that is exact, created_at, reported_at,
/// finished_at, state, done, skipped, error, next, whether its cancellation was asked for, number. Times are
/// as <see cref="StorageTime"/> has them.
/// </remarks>
public static class OperationColumns
{
    /// <summary>Reads an operation.</summary>
    /// <param name="row">The row.</param>
    public static BulkOperation Read(RowReader row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new BulkOperation
        {
            Id = row.Text(0),
            Action = (BulkAction)row.Int32(1),
            Filter = JobQueryJson.FromJson(row.Bytes(2)),
            Target = row.IsNull(3) && row.IsNull(4) ? null : new JobMove(row.TextOrNull(3), row.Int32OrNull(4)),
            By = row.Text(5),
            Reason = row.TextOrNull(6),
            Spread = new TimeSpan(row.Int64(7)),
            Expected = new BoundedCount(row.Int64(8), row.Bool(9)),
            CreatedAt = StorageTime.To(row.Int64(10)),
            ReportedAt = row.TimeOrNull(11),
            FinishedAt = row.TimeOrNull(12),
            State = (BulkState)row.Int32(13),
            Done = row.Int64(14),
            Skipped = row.Int64(15),
            Error = row.TextOrNull(16),
            Next = row.TextOrNull(17),
            CancelRequested = row.Bool(18),
            Number = row.Int64(19),
        };
    }
}
