using Lovage.Storage;
using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Reading;

/// <summary>Reads the live workers.</summary>
internal static class WorkerReading
{
    /// <summary>
    /// ?1 boot, ?2 now by the monotonic clock of that boot, in units of 100 ns. Comes back, by their starts: the
    /// columns that <see cref="WorkerColumns"/> reads, and the digest of the worker's jobs.
    /// </summary>
    private const string SelectLive = """
        SELECT owner, host, process, version, started_at, beat_at, queues, slots, running, quiet, names
        FROM lovage_worker WHERE boot = ?1 AND until > ?2 ORDER BY started_at, owner
        """;

    private const string SelectSet = "SELECT names FROM lovage_name_set WHERE digest = ?1";

    internal static IReadOnlyList<WorkerRecord> List(Reader reader, string boot, long monotonic, JobNameSets sets)
    {
        var workers = new List<WorkerRecord>();
        var row = reader.Statement(SelectLive).Bind(1, boot).Bind(2, monotonic);
        while (row.Read())
        {
            workers.Add(WorkerColumns.Read(reader.Row(row), Set(reader, row.Text(10), sets)));
        }

        return workers;
    }

    private static JobNameSet Set(Reader reader, string digest, JobNameSets sets)
    {
        if (sets.TryFind(digest, out var known))
        {
            return known;
        }

        var row = reader.Statement(SelectSet).Bind(1, digest);
        var set = row.Read() ? sets.Add(digest, TextList.FromJson(row.Bytes(0))) : new JobNameSet([]);
        row.Reset();
        return set;
    }
}
