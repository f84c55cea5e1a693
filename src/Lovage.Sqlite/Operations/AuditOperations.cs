using Lovage.Sqlite.Life;
using Lovage.Sqlite.Writing;

namespace Lovage.Sqlite.Operations;

/// <summary>Writes what people did.</summary>
internal sealed class AppendAuditOperation(IReadOnlyList<AuditRecord> records) : WriteOperation<bool>
{
    /// <summary>
    /// ?1 number, ?2 now, ?3 by whom, ?4 action, ?5 target, ?6 before, ?7 after, ?8 reason, ?9 source, ?10 address.
    /// </summary>
    private const string Insert = """
        INSERT INTO lovage_audit(number, at, actor, action, target, was, became, reason, source, address)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        """;

    internal override int Weight => records.Count;

    internal override void Run(WriteSession session)
    {
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i];
            session.Statement(Insert)
                .Bind(1, session.NextTicket())
                .Bind(2, session.Now)
                .Bind(3, record.By)
                .Bind(4, record.Action)
                .Bind(5, record.Target)
                .Bind(6, record.Before)
                .Bind(7, record.After)
                .Bind(8, record.Reason)
                .Bind(9, record.Source)
                .Bind(10, record.Address)
                .Run();
        }

        Result = true;
    }
}
