using Lovage.Sqlite.Life;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite.Operations;

/// <summary>Removes rows of one table that are older than a time, the oldest first.</summary>
internal sealed class PruneByAgeOperation(AgedRows rows, TimeSpan age, int max) : WriteOperation<int>
{
    internal override int Weight => max;

    internal override bool HasWork(WriteSession session)
    {
        session.ReadClocks();
        Result = 0;
        var row = session.Statement(rows.HasOld).Bind(1, session.Now - StorageTime.Span(age));
        var hasOld = row.Read();
        row.Reset();
        return hasOld;
    }

    internal override void Run(WriteSession session) => Result = session.Statement(rows.Delete)
        .Bind(1, session.Now - StorageTime.Span(age))
        .Bind(2, max)
        .Run();
}

/// <summary>Which rows grow old, and by which column.</summary>
internal sealed class AgedRows
{
    private AgedRows(string table, string key, string column)
    {
        HasOld = $"SELECT 1 FROM {table} WHERE {column} < ?1 LIMIT 1";
        Delete = $"""
            DELETE FROM {table} WHERE {key} IN (
              SELECT {key} FROM {table} WHERE {column} < ?1 ORDER BY {column} LIMIT ?2)
            """;
    }

    /// <summary>Audit records.</summary>
    internal static AgedRows Audit { get; } = new("lovage_audit", "number", "at");

    /// <summary>Bulk operations that have ended.</summary>
    internal static AgedRows EndedOperations { get; } = new("lovage_operation", "key", "finished_at");

    /// <summary>?1 the time before which rows are old. A row comes back when there is one.</summary>
    internal string HasOld { get; }

    /// <summary>?1 the time before which rows are old, ?2 rows at the most.</summary>
    internal string Delete { get; }
}
