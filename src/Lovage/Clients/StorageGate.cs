using Lovage.Storage;

namespace Lovage;

/// <summary>The way to the storage. It is shut until the host has opened the storage.</summary>
internal sealed class StorageGate(JobStorage storage)
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _shut = "the host has not opened it. Start the host first (await host.StartAsync()).";

    internal bool IsOpen => _shut is null;

    /// <summary>The storage, once it is open.</summary>
    /// <exception cref="StorageException">It is not open.</exception>
    internal JobStorage Storage => _shut is { } reason
        ? throw new StorageException($"The storage cannot be used: {reason}", isTransient: true)
        : storage;

    /// <summary>See <see cref="JobStorage.BlockedFor"/>.</summary>
    internal TimeSpan BlockedFor => IsOpen ? storage.BlockedFor : TimeSpan.Zero;

    /// <summary>What the storage is, open or not.</summary>
    internal StorageInfo Describe() => new()
    {
        Description = storage.Description,
        Warnings = storage.Warnings,
        HasHistory = storage.History is not null,
        HasWorkers = storage.Workers is not null,
        HasSchedules = storage.Schedules is not null,
        HasOperations = storage.Operations is not null,
        HasAudit = storage.Audit is not null,
        HasControl = storage.Control is not null,
    };

    /// <summary>Completes when the storage is open for the first time.</summary>
    internal Task OpenedAsync(CancellationToken cancellationToken) => _opened.Task.WaitAsync(cancellationToken);

    internal void Open()
    {
        _shut = null;
        _opened.TrySetResult();
    }

    internal void Shut(string reason) => _shut = reason;
}
