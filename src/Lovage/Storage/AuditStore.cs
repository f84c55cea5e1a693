using System.Diagnostics.CodeAnalysis;

namespace Lovage.Storage;

/// <summary>Keeps what people did. The public methods check; a storage writes the protected ones.</summary>
/// <remarks>Safe for use by several threads. Records are only ever added; retention removes old ones.</remarks>
[Experimental("LVGS001")]
public abstract class AuditStore
{
    /// <summary>Writes records.</summary>
    /// <param name="records">1 to <see cref="JobBroker.BatchMax"/>; number and time are the storage's.</param>
    /// <param name="cancellationToken">Gives up waiting; the records may be written all the same.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask AppendAsync(IReadOnlyList<AuditRecord> records, CancellationToken cancellationToken)
    {
        JobBroker.CheckBatch(records);
        return AppendCoreAsync([.. records.Select(Cut)], cancellationToken);
    }

    /// <summary>Reads a page of records, newest first.</summary>
    /// <param name="query">Which.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ArgumentOutOfRangeException">The page size is out of range.</exception>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<AuditRecord>> ListAsync(AuditQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        JobBroker.CheckMax(query.Limit);
        return ListCoreAsync(query, cancellationToken);
    }

    /// <summary>Removes records that are older than a time.</summary>
    /// <param name="age">The time, such as 90 days.</param>
    /// <param name="max">Records at the most, 1 to <see cref="JobBroker.BatchMax"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many were removed; <paramref name="max"/> means that there may be more.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<int> PruneAsync(TimeSpan age, int max, CancellationToken cancellationToken)
    {
        JobBroker.CheckMax(max);
        return PruneCoreAsync(age, max, cancellationToken);
    }

    /// <summary>Writes.</summary>
    /// <inheritdoc cref="AppendAsync"/>
    protected abstract ValueTask AppendCoreAsync(
        IReadOnlyList<AuditRecord> records, CancellationToken cancellationToken);

    /// <summary>Reads.</summary>
    /// <inheritdoc cref="ListAsync"/>
    protected abstract ValueTask<IReadOnlyList<AuditRecord>> ListCoreAsync(
        AuditQuery query, CancellationToken cancellationToken);

    /// <summary>Removes.</summary>
    /// <inheritdoc cref="PruneAsync"/>
    protected abstract ValueTask<int> PruneCoreAsync(TimeSpan age, int max, CancellationToken cancellationToken);

    private static AuditRecord Cut(AuditRecord record) => record with
    {
        By = TextCut.Bare(record.By, 200),
        Action = TextCut.Bare(record.Action, 50),
        Target = TextCut.Bare(record.Target, 300),
        Before = record.Before is null ? null : TextCut.Bare(record.Before, 4_000),
        After = record.After is null ? null : TextCut.Bare(record.After, 4_000),
        Reason = record.Reason is null ? null : TextCut.Bare(record.Reason, 500),
        Source = TextCut.Bare(record.Source, 50),
        Address = record.Address is null ? null : TextCut.Bare(record.Address, 100),
    };
}
