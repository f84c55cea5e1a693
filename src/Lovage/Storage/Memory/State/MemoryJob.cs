using Lovage.Protocol;

namespace Lovage.Storage.Memory.State;

/// <summary>One job with all its data. Touched under the state's lock alone.</summary>
internal sealed class MemoryJob(
    long number, JobMessage message, MemoryQueue queue, MemoryCounter counter, DateTimeOffset now)
{
    private const int AttemptsKept = 1_000;

    // Instants as ticks of UTC, 0 for none: a queue of a million jobs is a million of these objects.
    private readonly long _enqueuedAt = now.UtcTicks;
    private long _dueAt;
    private long _readyAt;
    private long _firstOfferAt;
    private long _startedAt;
    private long _finishedAt;

    /// <summary>Grows with each job accepted: the order of pages, and the first half of lease tokens.</summary>
    public long Number { get; } = number;

    public MemoryQueue Queue { get; set; } = queue;

    public MemoryCounter Counter { get; set; } = counter;

    public DateTimeOffset EnqueuedAt => new(_enqueuedAt, TimeSpan.Zero);

    public JobMessage Message { get; set; } = message;

    public JobState State { get; set; }

    // Where it waits.

    /// <summary>
    /// Names its one valid place in a queue; 0 when it stands in none. Places with another ticket are left-overs.
    /// </summary>
    public long Ticket { get; set; }

    /// <summary>Taken when it becomes ready, kept when its claim ends without an outcome.</summary>
    public long Sequence { get; set; }

    public DateTimeOffset? DueAt
    {
        get => Instant(_dueAt);
        set => _dueAt = value?.UtcTicks ?? 0;
    }

    public DateTimeOffset ReadyAt
    {
        get => new(_readyAt, TimeSpan.Zero);
        set => _readyAt = value.UtcTicks;
    }

    /// <summary>True when it came back from a dead owner and no attempt has ended since.</summary>
    public bool IsOrphan { get; set; }

    /// <summary>Starts recorded ahead that ended in the death of their process.</summary>
    public int Deaths { get; set; }

    /// <summary>How often workers have declined it since its last start.</summary>
    public int Offers { get; set; }

    public DateTimeOffset? FirstOfferAt
    {
        get => Instant(_firstOfferAt);
        set => _firstOfferAt = value?.UtcTicks ?? 0;
    }

    /// <summary>The workers that declined it; null before.</summary>
    public string? Asked { get; set; }

    // Who holds it.

    /// <summary>The stamp of the claim; 0 when no worker holds it.</summary>
    public long Stamp { get; set; }

    public long LeaseEnds { get; set; }

    public string? Owner { get; set; }

    public bool HasStarted { get; set; }

    public bool HasStartedAhead { get; set; }

    public bool CancelRequested { get; set; }

    public string? CancelReason { get; set; }

    // What became of it.

    /// <summary>
    /// The stamp under which its newest outcome was written, so that a repeated call is recognised; 0 before.
    /// </summary>
    public long SettledStamp { get; set; }

    /// <summary>What that outcome made of the job.</summary>
    public JobState SettledAs { get; set; }

    /// <summary>Grows with each end of any job: the order of pruning; 0 while it has not ended.</summary>
    public long EndNumber { get; set; }

    public DateTimeOffset? StartedAt
    {
        get => Instant(_startedAt);
        set => _startedAt = value?.UtcTicks ?? 0;
    }

    public DateTimeOffset? FinishedAt
    {
        get => Instant(_finishedAt);
        set => _finishedAt = value?.UtcTicks ?? 0;
    }

    public string? Worker { get; set; }

    public int Attempts { get; set; }

    public AttemptRecord[] History { get; private set; } = [];

    public ReadOnlyMemory<byte> Result { get; set; }

    public JobError? Error { get; set; }

    /// <summary>The cause of <see cref="Error"/>.</summary>
    public string? Fingerprint { get; set; }

    public string? Reason { get; set; }

    public double? Progress { get; set; }

    public string? ProgressMessage { get; set; }

    public bool IsPruned { get; set; }

    /// <summary>Forgets what became of it: a person puts it back as if it were new.</summary>
    public void Renew()
    {
        IsOrphan = false;
        Deaths = 0;
        DueAt = null;
        FinishedAt = null;
        Result = default;
        Error = null;
        Fingerprint = null;
        Reason = null;
        CancelReason = null;
    }

    public void Remember(AttemptRecord attempt) =>
        History = History.Length < AttemptsKept ? [.. History, attempt] : [.. History.AsSpan(1), attempt];

    public JobRecord ToRecord() => new()
    {
        Message = Message,
        State = State,
        EnqueuedAt = EnqueuedAt,
        DueAt = DueAt,
        StartedAt = StartedAt,
        FinishedAt = FinishedAt,
        Attempts = Attempts,
        Offers = Offers,
        Worker = Worker,
        Result = Result,
        Error = Error,
        Reason = Reason,
        Progress = Progress,
        ProgressMessage = ProgressMessage,
        CancelRequested = CancelRequested,
    };

    private static DateTimeOffset? Instant(long ticks) => ticks == 0 ? null : new(ticks, TimeSpan.Zero);
}
