namespace Lovage;

/// <summary>
/// What clients and handles ask of the storage about one job. A handle holds this and not its client, so that it does
/// not keep the scope alive that the client was injected into.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class JobLookup(StorageGate gate, JobSerializer serializer, JobEndings endings)
{
    internal JobSerializer Serializer { get; } = serializer;

    internal async ValueTask<JobRecord?> FindAsync(JobId id, CancellationToken cancellationToken) =>
        (await gate.Storage.RequireHistory().FindAsync([JobNames.CheckId(id, nameof(id))], cancellationToken))[0];

    internal ValueTask<IReadOnlyList<AttemptRecord>> AttemptsAsync(JobId id, CancellationToken cancellationToken) =>
        gate.Storage.RequireHistory().AttemptsAsync(id, cancellationToken);

    internal async ValueTask<CancelResult> CancelAsync(JobId id, string? reason, CancellationToken cancellationToken) =>
        (await gate.Storage.Store.CancelAsync([JobNames.CheckId(id, nameof(id))], reason, cancellationToken))[0];

    internal ValueTask<JobRecord> WaitForEndAsync(JobId id, TimeSpan? timeout, CancellationToken cancellationToken) =>
        endings.WaitAsync(id, timeout, cancellationToken);

    internal static JobFailedException Failure(JobId id, JobRecord record) => new(id, record.State, record.Error);
}
