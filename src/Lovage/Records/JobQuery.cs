using Lovage.Protocol;

namespace Lovage;

/// <summary>Which jobs, newest first.</summary>
public sealed record JobQuery
{
    private readonly string? _tag;

    /// <summary>Only jobs in one of these states; empty (the default) for all.</summary>
    public IReadOnlyList<JobState> States { get; init; } = [];

    /// <summary>Only jobs of this name; null (the default) for all.</summary>
    public string? Name { get; init; }

    /// <summary>Only jobs of this queue; null (the default) for all.</summary>
    public string? Queue { get; init; }

    /// <summary>
    /// Only jobs with this tag, to the letter; null (the default) for all. The storage finds them by an index.
    /// </summary>
    /// <exception cref="ArgumentException">Set to a text that is no tag.</exception>
    public string? Tag
    {
        get => _tag;
        init => _tag = value is null ? null : JobNames.Tag(value);
    }

    /// <summary>
    /// Only jobs that this worker runs or ran last, by the key under which it holds leases; null (the default) for all.
    /// </summary>
    public string? Worker { get; init; }

    /// <summary>
    /// Only the jobs of one tree: the job of this id and those with this <see cref="JobMessage.RootId"/>. Null (the
    /// default) for all.
    /// </summary>
    public string? RootId { get; init; }

    /// <summary>Only jobs that this schedule enqueued; null (the default) for all.</summary>
    public string? ScheduleId { get; init; }

    /// <summary>
    /// Only jobs whose newest failed attempt has this <see cref="JobError.Fingerprint"/>; null (the default) for all.
    /// </summary>
    public string? Fingerprint { get; init; }

    /// <summary>
    /// Only jobs that were made from the job of this id with other arguments; null (the default) for all.
    /// </summary>
    public string? EditedFrom { get; init; }

    /// <summary>Only jobs that the storage accepted at this instant or later; null (the default) for all.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only jobs that the storage accepted before this instant; null (the default) for all.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>
    /// Only jobs whose arguments, as they are stored, contain this text to the letter; null (the default) for all. No
    /// storage has an index for it: a page looks at the newest 10,000 jobs that match the rest.
    /// <see cref="JobPage.IsPartial"/> says when there were more, and <see cref="JobPage.Next"/> goes on behind them.
    /// </summary>
    public string? ArgumentText { get; init; }

    /// <summary>Jobs a page, 1 to 1,000; 50 by default.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>
    /// Where the last page ended: its <see cref="JobPage.Next"/>. Null (the default) for the first page.
    /// </summary>
    public string? After { get; init; }
}

/// <summary>A job that a schedule has enqueued.</summary>
/// <param name="Id">The job.</param>
/// <param name="State">Where it stands.</param>
public sealed record ScheduledJob(JobId Id, JobState State);

/// <summary>One page of jobs.</summary>
/// <param name="Jobs">Newest first.</param>
/// <param name="Next">Where the next page begins; null when this is the last.</param>
public sealed record JobPage(IReadOnlyList<JobRecord> Jobs, string? Next)
{
    /// <summary>
    /// True when a search in arguments has ended at its bound, so that older jobs may match; the next page looks at
    /// those. False by default.
    /// </summary>
    public bool IsPartial { get; init; }
}

/// <summary>The filters of <see cref="JobQuery"/> that a storage answers without reading all jobs.</summary>
[Flags]
public enum JobQualifiers
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><see cref="JobQuery.States"/>.</summary>
    State = 1,

    /// <summary><see cref="JobQuery.Name"/>.</summary>
    Name = 2,

    /// <summary><see cref="JobQuery.Queue"/>.</summary>
    Queue = 4,

    /// <summary><see cref="JobQuery.Tag"/>.</summary>
    Tag = 8,

    /// <summary><see cref="JobQuery.Worker"/>.</summary>
    Worker = 16,

    /// <summary><see cref="JobQuery.RootId"/>.</summary>
    Root = 32,

    /// <summary><see cref="JobQuery.ScheduleId"/>.</summary>
    Schedule = 64,

    /// <summary><see cref="JobQuery.Fingerprint"/>.</summary>
    Fingerprint = 128,

    /// <summary><see cref="JobQuery.EditedFrom"/>.</summary>
    EditedFrom = 256,

    /// <summary><see cref="JobQuery.Since"/> and <see cref="JobQuery.Until"/>.</summary>
    Time = 512,

    /// <summary><see cref="JobQuery.ArgumentText"/>.</summary>
    Arguments = 1024,

    /// <summary>All of them.</summary>
    All = 2047,
}

/// <summary>A count that stops at a bound.</summary>
/// <param name="Value">The count, or the bound.</param>
/// <param name="IsExact">False when the bound was reached.</param>
public readonly record struct BoundedCount(long Value, bool IsExact);
