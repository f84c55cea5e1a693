using Lovage.Storage;

namespace Lovage;

public sealed partial class JobInspector
{
    private AuditStore Audit => _gate.Storage.Audit ?? throw new StorageException(
        $"The storage {_gate.Storage.Description} keeps no audit records. Use one that does (sqlite:, postgres: or "
            + "memory:).",
        isTransient: false);

    /// <summary>True when the storage keeps records of what people did.</summary>
    public bool HasAudit => _gate.Storage.Audit is not null;

    /// <summary>Writes what a person is about to do. Write it before its effect.</summary>
    /// <param name="record">What; texts that are too long are cut.</param>
    /// <param name="cancellationToken">Gives up waiting; the record may be written all the same.</param>
    public ValueTask RecordAsync(AuditRecord record, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        return Audit.AppendAsync([record], cancellationToken);
    }

    /// <summary>Reads a page of what people did, newest first.</summary>
    /// <param name="query">Which; null (the default) for all.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<IReadOnlyList<AuditRecord>> AuditAsync(
        AuditQuery? query = null, CancellationToken cancellationToken = default) =>
        Audit.ListAsync(query ?? new AuditQuery(), cancellationToken);
}
