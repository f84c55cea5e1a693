using Lovage.Sqlite.Life;
using Lovage.Sqlite.Operations;
using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>The live workers of all processes that share the file.</summary>
/// <remarks>
/// Beats live by the host's monotonic clock, as leases do: a jump of the wall clock removes no worker, and a start of
/// the host removes them all.
/// </remarks>
internal sealed class SqliteWorkerDirectory(Writer writer, Readers readers, StorageClock clock) : WorkerDirectory
{
    private readonly JobNameSets _sets = new();

    protected override async ValueTask BeatCoreAsync(WorkerBeat beat, CancellationToken cancellationToken) =>
        await writer.DoAsync(new BeatOperation(beat), cancellationToken);

    protected override async ValueTask LeaveCoreAsync(WorkerOwner owner, CancellationToken cancellationToken) =>
        await writer.DoAsync(new LeaveOperation(owner), cancellationToken);

    protected override ValueTask<IReadOnlyList<WorkerRecord>> ListCoreAsync(CancellationToken cancellationToken)
    {
        var (boot, monotonic) = (clock.Boot, clock.Monotonic);
        return readers.ReadAsync(reader => WorkerReading.List(reader, boot, monotonic, _sets), cancellationToken);
    }
}
