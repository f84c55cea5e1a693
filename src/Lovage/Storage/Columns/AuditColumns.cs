namespace Lovage.Storage.Columns;

/// <summary>Maps a row to an <see cref="AuditRecord"/>.</summary>
/// <remarks>
/// Stateless, safe for use by several threads. The columns: number, time, by whom, action, target, before, after,
/// reason, source, address. Times are as <see cref="StorageTime"/> has them.
/// </remarks>
public static class AuditColumns
{
    /// <summary>Reads a record.</summary>
    /// <param name="row">The row.</param>
    public static AuditRecord Read(RowReader row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new AuditRecord
        {
            Number = row.Int64(0),
            At = StorageTime.To(row.Int64(1)),
            By = row.Text(2),
            Action = row.Text(3),
            Target = row.Text(4),
            Before = row.TextOrNull(5),
            After = row.TextOrNull(6),
            Reason = row.TextOrNull(7),
            Source = row.Text(8),
            Address = row.TextOrNull(9),
        };
    }
}
