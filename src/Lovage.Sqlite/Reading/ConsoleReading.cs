using Lovage.Sqlite.Native;
using Lovage.Sqlite.Operations;
using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Reading;

/// <summary>Reads bulk operations, audit records, and commands for workers with their replies.</summary>
internal static class ConsoleReading
{
    /// <summary>?1 the key below which to begin, ?2 operations at the most.</summary>
    private const string SelectOperations =
        $"SELECT {BulkRows.Columns} FROM lovage_operation WHERE key < ?1 ORDER BY key DESC LIMIT ?2";

    private const string AuditColumnList = "number, at, actor, action, target, was, became, reason, source, address";

    /// <summary>?1 worker, ?2 the last number it has seen, ?3 boot, ?4 now by its monotonic clock.</summary>
    private const string SelectCommands = """
        SELECT number, name, target, slots, queue, deadline FROM lovage_command
        WHERE number > ?2 AND (target IS NULL OR target = ?1) AND boot = ?3 AND until > ?4 ORDER BY number
        """;

    /// <summary>?1 number.</summary>
    private const string SelectReplies =
        "SELECT worker, is_done, text FROM lovage_reply WHERE command = ?1 ORDER BY worker";

    internal static bool MayTake(Reader reader, string owner, string boot, long monotonic)
    {
        var row = reader.Statement(TakeBulkOperation.Select).Bind(1, owner).Bind(2, boot).Bind(3, monotonic);
        var found = row.Read();
        row.Reset();
        return found;
    }

    internal static BulkOperation? Operation(Reader reader, string id)
    {
        var row = reader.Statement(BulkRows.SelectOne).Bind(1, id);
        var found = row.Read() ? OperationColumns.Read(reader.Row(row)) : null;
        row.Reset();
        return found;
    }

    internal static IReadOnlyList<BulkOperation> Operations(Reader reader, long? before, int max) => List(
        reader,
        reader.Statement(SelectOperations).Bind(1, before ?? long.MaxValue).Bind(2, max),
        OperationColumns.Read);

    internal static IReadOnlyList<AuditRecord> Audit(Reader reader, AuditQuery query)
    {
        // Only the conditions that apply are written, so that each text has its own plan over an index.
        var sql = $"SELECT {AuditColumnList} FROM lovage_audit WHERE number < ?1"
            + (query.By is null ? "" : " AND actor = ?2")
            + (query.Action is null ? "" : " AND action = ?3")
            + (query.Target is null ? "" : " AND target = ?4")
            + " ORDER BY number DESC LIMIT ?5";
        var row = reader.Statement(sql).Bind(1, query.Before ?? long.MaxValue).Bind(5, query.Limit);
        if (query.By is not null)
        {
            row.Bind(2, query.By);
        }

        if (query.Action is not null)
        {
            row.Bind(3, query.Action);
        }

        if (query.Target is not null)
        {
            row.Bind(4, query.Target);
        }

        return List(reader, row, AuditColumns.Read);
    }

    internal static IReadOnlyList<ControlCommand> Commands(
        Reader reader, string worker, long after, string boot, long monotonic) =>
        List(
            reader,
            reader.Statement(SelectCommands).Bind(1, worker).Bind(2, after).Bind(3, boot).Bind(4, monotonic),
            ControlColumns.Read);

    internal static IReadOnlyList<ControlReply> Replies(Reader reader, long number) =>
        List(reader, reader.Statement(SelectReplies).Bind(1, number), ControlColumns.ReadReply);

    private static List<T> List<T>(Reader reader, SqliteStatement row, Func<RowReader, T> read)
    {
        var list = new List<T>();
        while (row.Read())
        {
            list.Add(read(reader.Row(row)));
        }

        return list;
    }
}
