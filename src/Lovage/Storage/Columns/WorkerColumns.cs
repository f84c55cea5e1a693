namespace Lovage.Storage.Columns;

/// <summary>Maps a row to a <see cref="WorkerRecord"/>.</summary>
/// <remarks>
/// Stateless, safe for use by several threads. The columns: owner, host, process id, version, start, time of the beat,
/// queues (a <see cref="TextList"/>), slots, running, whether it is quiet. Times are as <see cref="StorageTime"/> has
/// them.
/// </remarks>
public static class WorkerColumns
{
    /// <summary>Reads a worker.</summary>
    /// <param name="row">The row.</param>
    /// <param name="known">The jobs that it knows, which stand in a table of their own.</param>
    public static WorkerRecord Read(RowReader row, JobNameSet known)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(known);
        return new WorkerRecord
        {
            Owner = row.Text(0),
            Host = row.Text(1),
            ProcessId = row.Int32(2),
            Version = row.Text(3),
            StartedAt = StorageTime.To(row.Int64(4)),
            BeatAt = StorageTime.To(row.Int64(5)),
            Queues = TextList.FromJson(row.Bytes(6)),
            Slots = row.Int32(7),
            Running = row.Int32(8),
            IsQuiet = row.Bool(9),
            Names = known.Names,
            Parameters = known.Parameters,
            Jobs = known.Jobs,
        };
    }
}
