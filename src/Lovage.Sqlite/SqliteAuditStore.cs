using Lovage.Sqlite.Operations;
using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>What people did, in the file.</summary>
internal sealed class SqliteAuditStore(Writer writer, Readers readers) : AuditStore
{
    protected override async ValueTask AppendCoreAsync(
        IReadOnlyList<AuditRecord> records, CancellationToken cancellationToken) =>
        await writer.DoAsync(new AppendAuditOperation(records), cancellationToken);

    protected override ValueTask<IReadOnlyList<AuditRecord>> ListCoreAsync(
        AuditQuery query, CancellationToken cancellationToken) =>
        readers.ReadAsync(reader => ConsoleReading.Audit(reader, query), cancellationToken);

    protected override ValueTask<int> PruneCoreAsync(TimeSpan age, int max, CancellationToken cancellationToken) =>
        writer.DoAsync(new PruneByAgeOperation(AgedRows.Audit, age, max), cancellationToken);
}
