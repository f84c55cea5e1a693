using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;
using Lovage.Sqlite.Writing;
using Lovage.Storage;
using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Operations;

/// <summary>Statements on bulk operations that several calls share.</summary>
internal static class BulkRows
{
    /// <summary>The columns that <see cref="OperationColumns"/> reads.</summary>
    internal const string Columns =
        "id, action, filter, queue, priority, actor, reason, spread, expected, exact, created_at, reported_at, "
            + "finished_at, state, done, skipped, error, next, cancel, key";

    /// <summary>?1 id.</summary>
    internal const string SelectOne = $"SELECT {Columns} FROM lovage_operation WHERE id = ?1";

    internal static BulkOperation? Find(WriteSession session, string id)
    {
        var row = session.Statement(SelectOne).Bind(1, id);
        var found = row.Read() ? OperationColumns.Read(session.Row.Of(row)) : null;
        row.Reset();
        return found;
    }
}

/// <summary>Stores an operation; the result is the one that is stored under its id.</summary>
internal sealed class AddBulkOperation(BulkOperation operation) : WriteOperation<BulkOperation>
{
    /// <summary>
    /// ?1 key, ?2 id, ?3 action, ?4 filter, ?5 queue, ?6 priority, ?7 by whom, ?8 reason, ?9 spread, ?10 expected, ?11
    /// whether that is exact, ?12 now, ?13 state.
    /// </summary>
    private const string Insert = """
        INSERT INTO lovage_operation(key, id, action, filter, queue, priority, actor, reason, spread, expected, exact,
          created_at, state, done, skipped)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, 0)
        """;

    private readonly byte[] _filter = JobQueryJson.ToJson(operation.Filter);

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        if (BulkRows.Find(session, operation.Id) is { } known)
        {
            Result = known;
            return;
        }

        session.Statement(Insert)
            .Bind(1, session.NextTicket())
            .Bind(2, operation.Id)
            .Bind(3, (long)operation.Action)
            .BindBlob(4, _filter)
            .Bind(5, operation.Target?.Queue)
            .Bind(6, operation.Target?.Priority)
            .Bind(7, operation.By)
            .Bind(8, operation.Reason)
            .Bind(9, operation.Spread.Ticks)
            .Bind(10, operation.Expected.Value)
            .Bind(11, operation.Expected.IsExact ? 1 : 0)
            .Bind(12, session.Now)
            .Bind(13, (long)BulkState.Running)
            .Run();
        Result = BulkRows.Find(session, operation.Id)!;
    }
}

/// <summary>Lends the oldest operation that no live process holds, or the caller's own again.</summary>
/// <remarks>
/// As with a claim, a lease from before the host started again has ended, and it need not be on the disk.
/// </remarks>
internal sealed class TakeBulkOperation(string owner, TimeSpan lease) : WriteOperation<BulkOperation?>
{
    /// <summary>
    /// ?1 owner, ?2 boot, ?3 now by the monotonic clock of that boot, in units of 100 ns. Comes back: the key.
    /// </summary>
    internal static readonly string Select = $"""
        SELECT key FROM lovage_operation WHERE {ConsoleTables.IsRunning}
          AND (owner IS NULL OR owner = ?1 OR boot <> ?2 OR until <= ?3)
        ORDER BY owner IS NOT ?1, key LIMIT 1
        """;

    /// <summary>?1 key, ?2 owner, ?3 boot, ?4 the end of the lease by the monotonic clock, ?5 now.</summary>
    private const string Lend =
        "UPDATE lovage_operation SET owner = ?2, boot = ?3, until = ?4, reported_at = ?5 WHERE key = ?1";

    private const string SelectByKey = $"SELECT {BulkRows.Columns} FROM lovage_operation WHERE key = ?1";

    internal override bool IsDurable => false;

    internal override void Run(WriteSession session)
    {
        Result = null;
        var row = session.Statement(Select).Bind(1, owner).Bind(2, session.Boot).Bind(3, session.Monotonic);
        long? key = row.Read() ? row.Int64(0) : null;
        row.Reset();
        if (key is not { } taken)
        {
            return;
        }

        session.Statement(Lend)
            .Bind(1, taken)
            .Bind(2, owner)
            .Bind(3, session.Boot)
            .Bind(4, StorageTime.Add(session.Monotonic, lease))
            .Bind(5, session.Now)
            .Run();
        var read = session.Statement(SelectByKey).Bind(1, taken);
        read.Read();
        try
        {
            Result = OperationColumns.Read(session.Row.Of(read));
        }
        finally
        {
            read.Reset();
        }
    }
}

/// <summary>Writes how far an operation is, where the process holds it still.</summary>
internal sealed class ReportBulkOperation(string owner, BulkOperation operation, TimeSpan lease)
    : WriteOperation<BulkOperation?>
{
    /// <summary>
    /// ?1 id, ?2 owner, ?3 state, ?4 done, ?5 skipped, ?6 error, ?7 next, ?8 now, ?9 the end of the lease by the
    /// monotonic clock, ?10 boot, ?11 whether it goes on.
    /// </summary>
    private static readonly string Update = $"""
        UPDATE lovage_operation SET state = ?3, done = ?4, skipped = ?5, error = ?6, next = ?7, reported_at = ?8,
          finished_at = CASE WHEN ?11 THEN NULL ELSE ?8 END, cancel = CASE WHEN ?11 THEN cancel ELSE 0 END,
          owner = CASE WHEN ?11 THEN ?2 END, until = ?9, boot = ?10
        WHERE id = ?1 AND owner = ?2 AND {ConsoleTables.IsRunning}
        """;

    internal override bool WakesOthers => operation.State != BulkState.Running;

    internal override void Run(WriteSession session)
    {
        var isHeld = session.Statement(Update)
            .Bind(1, operation.Id)
            .Bind(2, owner)
            .Bind(3, (long)operation.State)
            .Bind(4, operation.Done)
            .Bind(5, operation.Skipped)
            .Bind(6, operation.Error)
            .Bind(7, operation.Next)
            .Bind(8, session.Now)
            .Bind(9, StorageTime.Add(session.Monotonic, lease))
            .Bind(10, session.Boot)
            .Bind(11, operation.State == BulkState.Running ? 1 : 0)
            .Run() > 0;
        Result = isHeld ? BulkRows.Find(session, operation.Id) : null;
    }
}

/// <summary>Cancels an operation that no live process holds, or notes the request.</summary>
internal sealed class CancelBulkOperation(string id) : WriteOperation<BulkOperation?>
{
    /// <summary>?1 id, ?2 boot, ?3 now by its monotonic clock, ?4 the state of a cancelled one, ?5 now.</summary>
    private static readonly string End = $"""
        UPDATE lovage_operation SET state = ?4, finished_at = ?5, cancel = 0, owner = NULL
        WHERE id = ?1 AND {ConsoleTables.IsRunning} AND (owner IS NULL OR boot <> ?2 OR until <= ?3)
        """;

    /// <summary>?1 id.</summary>
    private static readonly string Request =
        $"UPDATE lovage_operation SET cancel = 1 WHERE id = ?1 AND {ConsoleTables.IsRunning}";

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var hasEnded = session.Statement(End)
            .Bind(1, id)
            .Bind(2, session.Boot)
            .Bind(3, session.Monotonic)
            .Bind(4, (long)BulkState.Cancelled)
            .Bind(5, session.Now)
            .Run() > 0;
        if (!hasEnded)
        {
            session.Statement(Request).Bind(1, id).Run();
        }

        Result = BulkRows.Find(session, id);
    }
}
