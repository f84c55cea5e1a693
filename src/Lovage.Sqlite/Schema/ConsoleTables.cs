using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Schema;

/// <summary>The tables of bulk operations, of audit records, and of commands for workers.</summary>
internal static class ConsoleTables
{
    /// <summary>A condition on <c>lovage_operation</c>: it has not ended.</summary>
    internal static readonly string IsRunning = $"state = {StoredNumbers.Of(BulkState.Running)}";

    internal static readonly string[] Statements =
    [
        // Bulk operations. "filter" is JSON; "queue" and "priority" say where jobs are moved to; "until" is by the
        // host's monotonic clock in 100 ns, valid within the boot named, as in "claim".
        """
        CREATE TABLE lovage_operation(
          key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, action INTEGER NOT NULL, filter BLOB NOT NULL, queue TEXT,
          priority INTEGER, actor TEXT NOT NULL, reason TEXT, spread INTEGER NOT NULL, expected INTEGER NOT NULL,
          exact INTEGER NOT NULL, created_at INTEGER NOT NULL, reported_at INTEGER, finished_at INTEGER,
          state INTEGER NOT NULL, done INTEGER NOT NULL, skipped INTEGER NOT NULL, error TEXT, next TEXT,
          cancel INTEGER NOT NULL DEFAULT 0, owner TEXT, boot TEXT, until INTEGER) STRICT
        """,
        "CREATE INDEX lovage_operation_finished ON lovage_operation(finished_at) WHERE finished_at IS NOT NULL",
        $"CREATE INDEX lovage_operation_running ON lovage_operation(key) WHERE {IsRunning}",

        // What people did.
        """
        CREATE TABLE lovage_audit(
          number INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
          target TEXT NOT NULL, was TEXT, became TEXT, reason TEXT, source TEXT NOT NULL, address TEXT) STRICT
        """,
        "CREATE INDEX lovage_audit_at ON lovage_audit(at)",
        "CREATE INDEX lovage_audit_actor ON lovage_audit(actor, number)",
        "CREATE INDEX lovage_audit_action ON lovage_audit(action, number)",
        "CREATE INDEX lovage_audit_target ON lovage_audit(target, number)",

        // Commands for workers, and their replies. "until" as in "operation".
        """
        CREATE TABLE lovage_command(
          number INTEGER PRIMARY KEY, name TEXT NOT NULL, target TEXT, slots INTEGER, queue TEXT,
          deadline INTEGER NOT NULL, boot TEXT NOT NULL, until INTEGER NOT NULL) STRICT
        """,
        """
        CREATE TABLE lovage_reply(
          command INTEGER NOT NULL, worker TEXT NOT NULL, is_done INTEGER NOT NULL, text TEXT NOT NULL,
          PRIMARY KEY (command, worker)) STRICT, WITHOUT ROWID
        """,
    ];
}
