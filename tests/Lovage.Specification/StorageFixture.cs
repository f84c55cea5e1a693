using System.Data.Common;
using Lovage.Storage;

namespace Lovage.Specification;

/// <summary>What a backend gives the specification: fresh storages on a clock that the test moves.</summary>
public abstract class StorageFixture
{
    /// <summary>Opens a storage with a namespace of its own, which no other scope sees.</summary>
    public abstract ValueTask<StorageScope> OpenAsync();

    /// <summary>
    /// True (the default) when the storage keeps any message to the letter. False when it keeps messages as Celery's
    /// envelope has them, so that it refuses what an envelope cannot carry.
    /// </summary>
    public virtual bool KeepsAnyMessage => true;
}

/// <summary>One test's own storage.</summary>
/// <param name="storage">The storage, opened.</param>
/// <param name="other">The same data through another handle, as another process has it; the same storage where the
/// backend cannot share.</param>
/// <param name="time">The clock of both.</param>
/// <param name="cleanUp">Called last.</param>
public sealed class StorageScope(
    JobStorage storage, JobStorage other, ManualTimeProvider time, Func<ValueTask>? cleanUp = null) : IAsyncDisposable
{
    public JobStorage Storage { get; } = storage;

    public JobStorage Other { get; } = other;

    public ManualTimeProvider Time { get; } = time;

    /// <summary>
    /// Begins a transaction as a caller has it, on a connection that goes with it; null where the backend takes part in
    /// none.
    /// </summary>
    public Func<ValueTask<DbTransaction>>? BeginAsync { get; init; }

    public async ValueTask DisposeAsync()
    {
        if (Other != Storage)
        {
            await Other.DisposeAsync();
        }

        await Storage.DisposeAsync();
        if (cleanUp is not null)
        {
            await cleanUp();
        }
    }
}
