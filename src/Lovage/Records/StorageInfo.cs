namespace Lovage;

/// <summary>What a storage is, and which of the optional parts it has.</summary>
/// <remarks>Immutable.</remarks>
public sealed record StorageInfo
{
    /// <summary>The storage in words, without credentials.</summary>
    public required string Description { get; init; }

    /// <summary>Settings that are unsafe in production, one sentence each; empty when all are safe.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>True when it keeps records of jobs.</summary>
    public bool HasHistory { get; init; }

    /// <summary>True when it keeps a list of live workers.</summary>
    public bool HasWorkers { get; init; }

    /// <summary>True when it keeps schedules.</summary>
    public bool HasSchedules { get; init; }

    /// <summary>True when it keeps bulk operations.</summary>
    public bool HasOperations { get; init; }

    /// <summary>True when it keeps records of what people did.</summary>
    public bool HasAudit { get; init; }

    /// <summary>True when it carries commands for workers.</summary>
    public bool HasControl { get; init; }
}
