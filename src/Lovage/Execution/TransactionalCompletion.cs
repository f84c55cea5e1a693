using System.Data.Common;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Records attempts as succeeded in transactions of their handlers, and finds out afterwards what became of those.
/// </summary>
internal sealed class TransactionalCompletion(JobStorage storage, AttemptOutcomes outcomes, TimeProvider time)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Writes the success in the transaction.</summary>
    /// <exception cref="LeaseLostException">The lease is lost; nothing was written.</exception>
    internal async ValueTask CompleteAsync(
        JobAttempt attempt, DbTransaction transaction, WrittenResult result, CancellationToken cancellationToken)
    {
        if (attempt.HasEnded)
        {
            throw new InvalidOperationException(
                $"Job {attempt.Context.Id} cannot be completed any more: this attempt has ended, because its handler "
                    + "has returned or ran over its time limit. Roll the transaction back.");
        }

        var transactions = JobTransactions.Of(storage);
        var outcome = outcomes.Of(
            attempt, new AttemptEnding(AttemptEnd.Succeeded), time.GetElapsedTime(attempt.StartedTimestamp), result)!;
        var before = attempt.Completed;

        // From here on this worker does not renew the claim. After a fault of the storage that stays so: whether the
        // transaction holds the claim is not known.
        attempt.Completed = outcome;
        SettleResult written;
        try
        {
            written = await transactions.SettleAsync(transaction, outcome, cancellationToken);
        }
        catch (Exception fault) when (fault is not StorageException)
        {
            attempt.Completed = before;
            throw;
        }

        if (written.Status == SettleStatus.Stale)
        {
            attempt.Completed = before;
            throw new LeaseLostException(outcome.Id);
        }
    }

    /// <summary>
    /// What became of the transaction. One that is open is waited for, as long as the storage has it; then it is called
    /// open.
    /// </summary>
    /// <param name="outcome">What was written in it.</param>
    /// <param name="failed">Told when the storage cannot be asked, which goes on until it can.</param>
    /// <param name="stopped">Gives up.</param>
    internal async ValueTask<TransactionFate> FateAsync(
        Settlement outcome, Action<Exception> failed, CancellationToken stopped)
    {
        var transactions = JobTransactions.Of(storage);
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                var fate = await transactions.LookAsync(outcome, stopped);
                if (fate != TransactionFate.Open || time.GetElapsedTime(start) >= transactions.OpenLimit)
                {
                    return fate;
                }

                await Task.Delay(LookInterval, time, stopped);
            }
            catch (StorageException fault)
            {
                failed(fault);
                if (!fault.IsTransient)
                {
                    return TransactionFate.Open;
                }

                await Task.Delay(RetryPause, time, stopped);
            }
        }
    }

    /// <summary>How the attempt has ended, given how its handler has and what became of the transaction.</summary>
    internal static AttemptEnding EndingOf(TransactionFate fate, AttemptEnding handler) => fate switch
    {
        TransactionFate.Committed => new AttemptEnding(AttemptEnd.Succeeded),
        _ when handler.End != AttemptEnd.Succeeded => handler,
        TransactionFate.RolledBack =>
            Failed(
                "was rolled back, so that neither its completion nor its effect has happened. Commit before the "
                    + "handler returns, or let the exception out of it"),
        _ => Failed("is still open. Commit before the handler returns, and dispose the transaction"),
    };

    private static AttemptEnding Failed(string what) =>
        new(AttemptEnd.Failed, new StorageException(
            $"The handler returned, but the transaction in which it completed the job {what}.", isTransient: true));
}
