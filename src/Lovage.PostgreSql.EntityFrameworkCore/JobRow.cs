namespace Lovage;

/// <summary>
/// A row of the view <c>lovage.job</c>, for queries by LINQ: <c>context.Set&lt;JobRow&gt;()</c>. The view is stable:
/// columns are added, never changed. It is read, never written: to cancel or run again use <see cref="JobInspector"/>.
/// </summary>
public sealed class JobRow
{
    private JobRow()
    {
    }

    /// <summary>The job's id, as <see cref="JobId.Value"/>.</summary>
    public string Id { get; private init; } = "";

    /// <summary>The job's name on the wire.</summary>
    public string Name { get; private init; } = "";

    /// <summary>Its queue.</summary>
    public string Queue { get; private init; } = "";

    /// <summary>
    /// Celery's word for its state: <c>PENDING</c>, <c>STARTED</c>, <c>RETRY</c>, <c>SUCCESS</c>, <c>FAILURE</c> or
    /// <c>REVOKED</c>.
    /// </summary>
    public string Status { get; private init; } = "";

    /// <summary>Attempts recorded so far, one that is running included.</summary>
    public int Attempts { get; private init; }

    /// <summary>When the storage accepted it, in UTC by the storage's clock.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>When its newest attempt began, in UTC by its worker's clock; null before the first.</summary>
    public DateTimeOffset? StartedAt { get; private init; }

    /// <summary>When it ended, in UTC by the storage's clock; null while it has not.</summary>
    public DateTimeOffset? FinishedAt { get; private init; }

    /// <summary>
    /// The worker that runs it or ran it last, as <c>host:process</c>; null when no worker has.
    /// </summary>
    public string? Worker { get; private init; }

    /// <summary>
    /// Its state as <see cref="JobState"/> names it, which tells a dead letter (<c>Dead</c>) from a failure
    /// (<c>Failed</c>).
    /// </summary>
    public string State { get; private init; } = "";

    /// <summary>Its priority, 0 (runs first, the default) to 9.</summary>
    public int Priority { get; private init; }

    /// <summary>When it is due, or was last, in UTC; null for a job that was ready at once.</summary>
    public DateTimeOffset? DueAt { get; private init; }

    /// <summary>Why it ended or waits as it does, for a person; null when nothing was said.</summary>
    public string? Reason { get; private init; }

    /// <summary>The type of the error of its newest attempt; null when that attempt threw nothing.</summary>
    public string? ErrorType { get; private init; }

    /// <summary>The message of that error.</summary>
    public string? Error { get; private init; }

    /// <summary>The schedule that enqueued it; null for a job of another origin.</summary>
    public string? Schedule { get; private init; }

    /// <summary>The worker's whole name, as <see cref="JobRecord.Worker"/> has it.</summary>
    public string? WorkerKey { get; private init; }

    /// <summary>Its tags, such as <c>order:42</c>; empty for none.</summary>
    public IReadOnlyList<string> Tags { get; private init; } = [];
}
