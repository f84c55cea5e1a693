namespace Lovage;

/// <summary>A command for live workers.</summary>
/// <remarks>Immutable. Commands are lossy: a worker that does not see it before its deadline never does.</remarks>
public sealed record ControlCommand
{
    /// <summary>Its number in the storage, growing with each command; 0 before the storage has taken it.</summary>
    public long Number { get; init; }

    /// <summary>What to do: one of <see cref="ControlCommands"/>.</summary>
    public required string Name { get; init; }

    /// <summary>The worker, by <see cref="WorkerRecord.Owner"/>; null for every live one.</summary>
    public string? Target { get; init; }

    /// <summary>The number of slots, for <see cref="ControlCommands.Pool"/>; else null.</summary>
    public int? Slots { get; init; }

    /// <summary>The queue, for <see cref="ControlCommands.AddQueue"/> and <see cref="ControlCommands.CancelQueue"/>;
    /// else null.</summary>
    public string? Queue { get; init; }

    /// <summary>How long workers may still carry it out, 1 s to 5 min; 15 s by default.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(15);
}

/// <summary>The commands that workers know.</summary>
public static class ControlCommands
{
    /// <summary>Answer.</summary>
    public const string Ping = "ping";

    /// <summary>Take no more jobs; what runs goes on.</summary>
    public const string Quiet = "quiet";

    /// <summary>Take jobs again.</summary>
    public const string Resume = "resume";

    /// <summary>Run this many attempts at the same time.</summary>
    public const string Pool = "pool";

    /// <summary>Serve this queue too.</summary>
    public const string AddQueue = "add_queue";

    /// <summary>Serve this queue no more.</summary>
    public const string CancelQueue = "cancel_queue";
}

/// <summary>What a worker answered.</summary>
/// <param name="Worker">The worker, by <see cref="WorkerRecord.Owner"/>.</param>
/// <param name="IsDone">True when it did what was asked.</param>
/// <param name="Text">For a person: what it does now, or why it refused; at most 500 characters.</param>
public sealed record ControlReply(string Worker, bool IsDone, string Text);
