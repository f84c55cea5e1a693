using Lovage.Storage;

namespace Lovage.Simulation.Storage;

/// <summary>Passes calls on over the link.</summary>
internal sealed class SimulatedWorkerDirectory(World world, Node node) : WorkerDirectory
{
    private readonly WorkerDirectory _shared = world.Storage.Workers;

    protected override async ValueTask BeatCoreAsync(WorkerBeat beat, CancellationToken cancellationToken) =>
        await node.Link.CallAsync(
            "beat",
            () =>
            {
                SharedStorage.Now(_shared.BeatAsync(beat, CancellationToken.None));
                return true;
            },
            mayRepeat: true,
            cancellationToken);

    protected override async ValueTask LeaveCoreAsync(WorkerOwner owner, CancellationToken cancellationToken) =>
        await node.Link.CallAsync(
            "leave",
            () =>
            {
                SharedStorage.Now(_shared.LeaveAsync(owner, CancellationToken.None));
                return true;
            },
            mayRepeat: true,
            cancellationToken);

    protected override ValueTask<IReadOnlyList<WorkerRecord>> ListCoreAsync(CancellationToken cancellationToken) =>
        node.Link.CallAsync(
            "workers",
            () => SharedStorage.Now(_shared.ListAsync(CancellationToken.None)),
            mayRepeat: true,
            cancellationToken);
}
