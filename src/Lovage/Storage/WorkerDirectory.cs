using System.Diagnostics.CodeAnalysis;

namespace Lovage.Storage;

/// <summary>
/// Lists the live workers of all processes: each beats every <see cref="BeatInterval"/>, and one that has not beaten
/// for <see cref="LiveTime"/> is gone from the list. The public methods check; a storage writes the protected ones.
/// </summary>
/// <remarks>
/// Safe for use by several threads. The storage's clock judges beats. The list is for people, and for the wait before a
/// declined job is offered again; leases alone decide who holds a job.
/// </remarks>
[Experimental("LVGS001")]
public abstract class WorkerDirectory
{
    /// <summary>How often a worker beats: every 10 s.</summary>
    public static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(10);

    /// <summary>How long a worker is listed after its last beat: 30 s.</summary>
    public static readonly TimeSpan LiveTime = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Writes that a worker is alive, and what it is doing. The storage removes workers that have not beaten for
    /// <see cref="LiveTime"/>.
    /// </summary>
    /// <param name="beat">The worker. Its names are stored once a digest.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask BeatAsync(WorkerBeat beat, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(beat);
        return BeatCoreAsync(beat, cancellationToken);
    }

    /// <summary>Removes a worker that stops; nothing happens when it is not listed.</summary>
    /// <param name="owner">The worker.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask LeaveAsync(WorkerOwner owner, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return LeaveCoreAsync(owner, cancellationToken);
    }

    /// <summary>Reads the live workers, in the order in which they started.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<WorkerRecord>> ListAsync(CancellationToken cancellationToken) =>
        ListCoreAsync(cancellationToken);

    /// <summary>Writes what <see cref="BeatAsync"/> promises.</summary>
    /// <inheritdoc cref="BeatAsync"/>
    protected abstract ValueTask BeatCoreAsync(WorkerBeat beat, CancellationToken cancellationToken);

    /// <summary>Removes.</summary>
    /// <inheritdoc cref="LeaveAsync"/>
    protected abstract ValueTask LeaveCoreAsync(WorkerOwner owner, CancellationToken cancellationToken);

    /// <summary>Reads.</summary>
    /// <inheritdoc cref="ListAsync"/>
    protected abstract ValueTask<IReadOnlyList<WorkerRecord>> ListCoreAsync(CancellationToken cancellationToken);
}

/// <summary>A sign of life of one worker.</summary>
/// <remarks>Immutable.</remarks>
public sealed record WorkerBeat
{
    /// <summary>The worker.</summary>
    public required WorkerOwner Owner { get; init; }

    /// <summary>The name of its host.</summary>
    public required string Host { get; init; }

    /// <summary>The version of the app's entry assembly; empty when there is none.</summary>
    public required string Version { get; init; }

    /// <summary>When it started, by its own clock.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The queues that it serves, in order.</summary>
    public required IReadOnlyList<string> Queues { get; init; }

    /// <summary>Attempts that it runs at the same time at the most.</summary>
    public required int Slots { get; init; }

    /// <summary>Attempts that it runs now.</summary>
    public required int Running { get; init; }

    /// <summary>True while it takes no more jobs, because a person asked for that.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>The jobs that it knows.</summary>
    public required JobNameSet Names { get; init; }
}
