using System.Collections.Frozen;

namespace Lovage;

/// <summary>A live worker, as of its last beat.</summary>
/// <remarks>Immutable: a snapshot.</remarks>
public sealed record WorkerRecord
{
    /// <summary>The worker, by the key under which it holds leases.</summary>
    public required string Owner { get; init; }

    /// <summary>The name of its host.</summary>
    public required string Host { get; init; }

    /// <summary>Its process id on that host.</summary>
    public required int ProcessId { get; init; }

    /// <summary>The version of the app's entry assembly; empty when there is none.</summary>
    public required string Version { get; init; }

    /// <summary>When it started, by its own clock.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it last beat, by the storage's clock.</summary>
    public required DateTimeOffset BeatAt { get; init; }

    /// <summary>The queues that it serves, in order.</summary>
    public required IReadOnlyList<string> Queues { get; init; }

    /// <summary>The largest number of attempts that it runs at the same time.</summary>
    public required int Slots { get; init; }

    /// <summary>Attempts that it ran at its last beat.</summary>
    public required int Running { get; init; }

    /// <summary>
    /// True while it takes no more jobs, because a person asked for that (<see cref="ControlCommands.Quiet"/>).
    /// </summary>
    public bool IsQuiet { get; init; }

    /// <summary>The names of the jobs that it knows, sorted by code point.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>
    /// How many parameters the jobs that it knows take, by name; a name is missing when the definition does not say.
    /// </summary>
    public IReadOnlyDictionary<string, int> Parameters { get; init; } = FrozenDictionary<string, int>.Empty;

    /// <summary>The jobs that it describes, by name; none for a worker of a version that names them alone.</summary>
    public IReadOnlyList<JobCatalogEntry> Jobs { get; init; } = [];

    /// <summary>True when it serves the queue, knows the name, and its handler takes that many arguments.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="name">The job's name.</param>
    /// <param name="parameters">The number of the last parameter that the arguments reach; 0 (the default) when it is
    /// not known.</param>
    public bool CanRun(string queue, string name, int parameters = 0) =>
        Queues.Contains(queue)
            && Names.Contains(name)
            && (!Parameters.TryGetValue(name, out var taken) || parameters <= taken);
}
