using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>Makes the change of a bulk operation to one page of jobs.</summary>
/// <remarks>
/// A process may die within a page, and the next one then meets the page again. So a job that shows that the operation,
/// or a person since, has dealt with it is left alone: a job that ended after the operation was made, one whose
/// cancellation is asked for, one that stands at its target.
/// </remarks>
internal static class OperationChange
{
    /// <summary>Changes jobs; returns how many were changed, and how many were left alone.</summary>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    internal static async Task<(int Done, int Skipped)> ApplyAsync(
        JobStore store, BulkOperation operation, IReadOnlyList<JobRecord> jobs, CancellationToken cancellationToken)
    {
        // A job that was accepted later is none of the operation's.
        var met = jobs.Count(job => job.EnqueuedAt <= operation.CreatedAt);
        JobId[] ids =
        [
            .. jobs.Where(job => job.EnqueuedAt <= operation.CreatedAt && IsMeant(operation, job))
                .Select(static job => job.Id),
        ];
        if (ids.Length == 0)
        {
            return (0, met);
        }

        var done = operation.Action switch
        {
            BulkAction.RunAgain => Changed(await store.RequeueAsync(ids, cancellationToken)),
            BulkAction.Delete => Changed(await store.DeleteAsync(ids, cancellationToken)),
            BulkAction.Move => Changed(await store.MoveAsync(ids, operation.Target!, cancellationToken)),
            BulkAction.Cancel => (await store.CancelAsync(ids, operation.Reason, cancellationToken)).Count(
                static result => result.Status is CancelStatus.Cancelled or CancelStatus.Requested),
            _ => throw new NotSupportedException(
                $"This process knows no action {(int)operation.Action}: a newer version made the operation."),
        };
        return (done, met - done);
    }

    private static bool IsMeant(BulkOperation operation, JobRecord job) => operation.Action switch
    {
        BulkAction.RunAgain or BulkAction.Delete => job.IsFinal && job.FinishedAt <= operation.CreatedAt,
        BulkAction.Cancel => !job.IsFinal && !job.CancelRequested,
        BulkAction.Move => operation.Target is { } target
            && !((target.Queue is null || target.Queue == job.Queue)
                && (target.Priority is null || target.Priority == job.Message.Priority)),
        _ => true,
    };

    private static int Changed(IReadOnlyList<ChangeResult> results) =>
        results.Count(static result => result.Status == ChangeStatus.Changed);
}
