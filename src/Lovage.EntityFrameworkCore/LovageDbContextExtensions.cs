using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Lovage;

/// <summary>Enqueues and completes jobs in the current transaction of a <see cref="DbContext"/>.</summary>
public static class LovageDbContextExtensions
{
    /// <summary>
    /// Enqueues a job inside the context's current transaction: the commit stores it together with the rows that
    /// SaveChanges has written. After a rollback no trace of it is left. It may be called before or after SaveChanges.
    /// </summary>
    /// <param name="jobs">The client.</param>
    /// <param name="job">The job.</param>
    /// <param name="context">A context on the storage's own database that has begun a transaction. The caller commits
    /// it.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    /// <returns>A handle to ask for its state and result, after the commit.</returns>
    /// <exception cref="InvalidOperationException">The context has no current transaction; nothing was written. All
    /// others: <see cref="JobClient.EnqueueAsync(Job, DbTransaction, CancellationToken)"/>.</exception>
    public static ValueTask<JobHandle> EnqueueAsync(
        this JobClient jobs, Job job, DbContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        return jobs.EnqueueAsync(job, TransactionOf(context), cancellationToken);
    }

    /// <inheritdoc cref="EnqueueAsync(JobClient, Job, DbContext, CancellationToken)"/>
    /// <typeparam name="TResult">What the result is read as.</typeparam>
    public static ValueTask<JobHandle<TResult>> EnqueueAsync<TResult>(
        this JobClient jobs, Job<TResult> job, DbContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        return jobs.EnqueueAsync(job, TransactionOf(context), cancellationToken);
    }

    /// <summary>
    /// Enqueues jobs, any number of them, inside the context's current transaction; see
    /// <see cref="EnqueueAsync(JobClient, Job, DbContext, CancellationToken)"/>.
    /// </summary>
    /// <param name="jobs">The client.</param>
    /// <param name="batch">The jobs.</param>
    /// <param name="context">A context on the storage's own database that has begun a transaction. The caller commits
    /// it.</param>
    /// <param name="cancellationToken">Gives up between batches; what was written is the transaction's.</param>
    /// <returns>A handle for each, in order.</returns>
    /// <exception cref="InvalidOperationException">The context has no current transaction; nothing was
    /// written.</exception>
    public static ValueTask<IReadOnlyList<JobHandle>> EnqueueAsync(
        this JobClient jobs,
        IReadOnlyCollection<Job> batch,
        DbContext context,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        return jobs.EnqueueAsync(batch, TransactionOf(context), cancellationToken);
    }

    /// <summary>
    /// Records the attempt as succeeded inside the context's current transaction; see
    /// <see cref="JobContext.CompleteInTransactionAsync(DbTransaction, CancellationToken)"/>.
    /// </summary>
    /// <param name="job">What the handler was given.</param>
    /// <param name="context">A context on the storage's own database that has begun a transaction. The handler commits
    /// it.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    /// <exception cref="InvalidOperationException">The context has no current transaction; nothing was
    /// written.</exception>
    /// <exception cref="LeaseLostException">The lease is lost; let it out of the handler.</exception>
    public static ValueTask CompleteInTransactionAsync(
        this JobContext job, DbContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job.CompleteInTransactionAsync(TransactionOf(context), cancellationToken);
    }

    /// <inheritdoc cref="CompleteInTransactionAsync(JobContext, DbContext, CancellationToken)"/>
    /// <typeparam name="TResult">The result's type, as the handler's signature has it.</typeparam>
    /// <param name="job">What the handler was given.</param>
    /// <param name="context">A context on the storage's own database that has begun a transaction. The handler commits
    /// it.</param>
    /// <param name="result">The result.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    public static ValueTask CompleteInTransactionAsync<TResult>(
        this JobContext job, DbContext context, TResult result, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job.CompleteInTransactionAsync(TransactionOf(context), result, cancellationToken);
    }

    private static DbTransaction TransactionOf(DbContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Database.CurrentTransaction is { } transaction
            ? transaction.GetDbTransaction()
            : throw new InvalidOperationException(
                "The context has no transaction that the job could be part of: SaveChanges begins one of its own and "
                + "ends it. Begin one before, and commit it when all is written: "
                + "await using var transaction = await context.Database.BeginTransactionAsync(); ... await "
                + "transaction.CommitAsync();");
    }
}
