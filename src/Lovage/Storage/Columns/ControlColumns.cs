namespace Lovage.Storage.Columns;

/// <summary>Maps rows to commands for workers and to their replies.</summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
public static class ControlColumns
{
    /// <summary>Reads a command: number, name, target, slots, queue, deadline (100 ns).</summary>
    /// <param name="row">The row.</param>
    public static ControlCommand Read(RowReader row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new ControlCommand
        {
            Number = row.Int64(0),
            Name = row.Text(1),
            Target = row.TextOrNull(2),
            Slots = row.Int32OrNull(3),
            Queue = row.TextOrNull(4),
            Deadline = new TimeSpan(row.Int64(5)),
        };
    }

    /// <summary>Reads a reply: worker, whether it is done, text.</summary>
    /// <param name="row">The row.</param>
    public static ControlReply ReadReply(RowReader row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new ControlReply(row.Text(0), row.Bool(1), row.Text(2));
    }
}
