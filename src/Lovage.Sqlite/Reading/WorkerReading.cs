using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Reading;

/// <summary>Reads the live workers.</summary>
internal static class WorkerReading
{
    /// <summary>
    /// ?1 boot, ?2 now by the monotonic clock of that boot, in units of 100 ns. Comes back, by their starts: the
    /// columns that <see cref="WorkerColumns"/> reads.
    /// </summary>
    private const string SelectLive = """
        SELECT w.owner, w.host, w.process, w.version, w.started_at, w.beat_at, w.queues, w.slots, w.running, n.names,
          w.quiet
        FROM lovage_worker w LEFT JOIN lovage_name_set n ON n.digest = w.names
        WHERE w.boot = ?1 AND w.until > ?2 ORDER BY w.started_at, w.owner
        """;

    internal static IReadOnlyList<WorkerRecord> List(Reader reader, string boot, long monotonic)
    {
        var workers = new List<WorkerRecord>();
        var row = reader.Statement(SelectLive).Bind(1, boot).Bind(2, monotonic);
        while (row.Read())
        {
            workers.Add(WorkerColumns.Read(reader.Row(row)));
        }

        return workers;
    }
}
