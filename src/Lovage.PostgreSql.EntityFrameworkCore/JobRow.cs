namespace Lovage.PostgreSql.EntityFrameworkCore;

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

    /// <summary>The worker that runs it or ran it last; null when no worker has.</summary>
    public string? Worker { get; private init; }
}
