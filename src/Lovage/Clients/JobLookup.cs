namespace Lovage;

/// <summary>What handles ask of the storage.</summary>
internal sealed class JobLookup(StorageGate gate, JobSerializer serializer, JobEndings endings)
{
    internal JobSerializer Serializer { get; } = serializer;

    internal async ValueTask<JobRecord?> FindAsync(JobId id, CancellationToken cancellationToken) =>
        (await gate.Storage.RequireHistory().FindAsync([id], cancellationToken))[0];

    internal ValueTask<IReadOnlyList<AttemptRecord>> AttemptsAsync(JobId id, CancellationToken cancellationToken) =>
        gate.Storage.RequireHistory().AttemptsAsync(id, cancellationToken);

    internal async ValueTask<CancelStatus> CancelAsync(JobId id, string? reason, CancellationToken cancellationToken) =>
        (await gate.Storage.Store.CancelAsync([id], reason, cancellationToken))[0].Status;

    internal ValueTask<JobRecord> WaitForEndAsync(JobId id, TimeSpan? timeout, CancellationToken cancellationToken) =>
        endings.WaitAsync(id, timeout, cancellationToken);

    internal static JobFailedException Failure(JobId id, JobRecord record) => new(id, record.State, record.Error);
}
