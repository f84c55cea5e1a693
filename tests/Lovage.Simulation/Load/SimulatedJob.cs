using Lovage.Protocol;

namespace Lovage.Simulation.Load;

/// <summary>What a job's handler does.</summary>
internal enum Behaviour
{
    /// <summary>Returns at once.</summary>
    Instant,

    /// <summary>Takes some time and stops when it is told to.</summary>
    Slow,

    /// <summary>Takes some time whatever it is told.</summary>
    Stubborn,

    /// <summary>Reports progress while it takes some time.</summary>
    Progress,

    /// <summary>Takes longer than its time limit, whatever it is told.</summary>
    Overrun,

    /// <summary>Throws in its first attempts.</summary>
    Fails,

    /// <summary>Asks to be run again in its first attempts.</summary>
    AsksAgain,

    /// <summary>Rejects its job.</summary>
    Rejects,

    /// <summary>Has no handler anywhere.</summary>
    Unknown,

    /// <summary>Returns, and its success enqueues another job.</summary>
    Parent,

    /// <summary>Kills its process whenever it runs.</summary>
    Killer,
}

/// <summary>One right to run a job, as the oracle saw it given out.</summary>
internal sealed class Claim(
    SimulatedJob job, LeaseTokenView token, Node node, long claimedAt, long endsAt, bool isOrphan)
{
    public SimulatedJob Job { get; } = job;

    public LeaseTokenView Token { get; } = token;

    public Node Node { get; } = node;

    public long ClaimedAt { get; } = claimedAt;

    public long EndsAt { get; set; } = endsAt;

    public bool IsOrphan { get; } = isOrphan;

    public bool IsExpired { get; init; }

    /// <summary>True once its start is written ahead.</summary>
    public bool StartedAhead { get; set; }

    /// <summary>When its handler was called; null before.</summary>
    public long? StartedAt { get; set; }

    /// <summary>How its handler ended; null while it runs.</summary>
    public AttemptEnd? HandlerEnd { get; set; }

    /// <summary>True once an outcome was written under it.</summary>
    public bool IsSettled { get; set; }

    /// <summary>Where that outcome put the job.</summary>
    public JobState SettledAs { get; set; }
}

/// <summary>A lease token as the oracle names it.</summary>
internal readonly record struct LeaseTokenView(long Claim, long Stamp);

/// <summary>One job: what it is to do, and what the oracle knows of it apart from the storage.</summary>
internal sealed class SimulatedJob
{
    // What it is to do.

    public required int Number { get; init; }

    public required JobMessage Message { get; init; }

    public required Behaviour Behaviour { get; init; }

    /// <summary>How long its handler takes.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Attempts that do not succeed, before one does.</summary>
    public int BadAttempts { get; init; }

    public int MaxAttempts { get; init; }

    /// <summary>What a handler that asks to be run again wants to wait.</summary>
    public TimeSpan Again { get; init; }

    /// <summary>The job that its success enqueues; null for none.</summary>
    public SimulatedJob? Child { get; init; }

    // What has become of it.

    public bool IsStored { get; set; }

    /// <summary>Before it no claim may be given out.</summary>
    public DateTimeOffset DueAt { get; set; }

    public Claim? Claim { get; set; }

    /// <summary>The last claim under which its handler was called.</summary>
    public Claim? LastStarted { get; set; }

    /// <summary>The claim of its newest outcome, which a storage must know again.</summary>
    public Claim? LastSettled { get; set; }

    public int Failures { get; set; }

    public int Starts { get; set; }

    /// <summary>Starts written ahead that were lost with their owner.</summary>
    public int Deaths { get; set; }

    public bool IsOrphan { get; set; }

    /// <summary>How often workers declined it since its last start.</summary>
    public int Offers { get; set; }

    public DateTimeOffset? FirstOfferAt { get; set; }

    public bool CancelRequested { get; set; }

    public JobState? Outcome { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    public override string ToString() => $"job {Number} ({Behaviour})";
}
