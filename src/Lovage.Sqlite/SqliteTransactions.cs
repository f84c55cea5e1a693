using System.Data.Common;
using Lovage.Protocol;
using Lovage.Sqlite.Operations;
using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Writing;
using Lovage.Storage;
using Microsoft.Data.Sqlite;

namespace Lovage.Sqlite;

/// <summary>
/// Publishes and settles in transactions that the writer lends, one at a time, since SQLite has one writer. In a shared
/// file also in those that the app has begun on connections of its own.
/// </summary>
internal sealed class SqliteTransactions(
    Writer writer,
    Readers readers,
    Loans loans,
    JoinedTransactions? joined,
    LoanTerms terms,
    SignalBus signals,
    TimeProvider time)
    : JobTransactions("sqlite", signals, time)
{
    /// <summary>A transaction that its caller does not end is ended by its limit.</summary>
    public override TimeSpan OpenLimit => terms.Limit + base.OpenLimit;

    protected override async ValueTask<DbTransaction> BeginCoreAsync(CancellationToken cancellationToken) =>
        (await writer.DoAsync(new LoanOperation(terms.Open, loans), cancellationToken)).Transaction;

    protected override ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
        DbTransaction transaction, IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        var operation = new PublishOperation(messages);
        Find(transaction).Run(operation);
        return new(operation.Result!);
    }

    protected override ValueTask<SettleResult> SettleCoreAsync(
        DbTransaction transaction, Settlement outcome, CancellationToken cancellationToken)
    {
        var open = Find(transaction);
        var operation = new SettleOperation([outcome]);
        open.Run(operation);
        var result = operation.Result![0];
        if (result.Status == SettleStatus.Applied)
        {
            open.Note(outcome.Token);
        }

        return new(result);
    }

    protected override ValueTask<TransactionFate> LookCoreAsync(Settlement outcome, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // First: once it is not open, what is read is what has become of it.
        if (loans.Holds(outcome.Token) || joined?.Holds(outcome.Token) == true)
        {
            return new(TransactionFate.Open);
        }

        var isCommitted = readers.Read(reader => JobReading.WasSettled(reader, outcome));
        return new(isCommitted ? TransactionFate.Committed : TransactionFate.RolledBack);
    }

    private OpenTransaction Find(DbTransaction transaction)
    {
        if (transaction is SqliteTransaction own)
        {
            if (loans.TryFind(own, out var loan))
            {
                return loan.IsOpen ? loan : throw loan.Ended();
            }

            if (joined?.Join(own) is { } found)
            {
                return found;
            }
        }

        throw new ArgumentException(
            $"This transaction is a {transaction.GetType().FullName} of another connection than the storage's, "
                + $"{terms.Storage}. Begin it with: await using var transaction = await "
                + "jobs.BeginTransactionAsync(); and use transaction.Connection for your own tables. To enqueue in "
                + "transactions of your app's connections, give Lovage the app's file: sqlite:PATH?shared=true. "
                + "Nothing was written.",
            nameof(transaction));
    }
}

/// <summary>How transactions are lent.</summary>
/// <param name="Storage">The storage's description, for messages.</param>
/// <param name="Limit">How long one may be open.</param>
/// <param name="Open">Opens one; needs the writer's thread and the turnstile.</param>
internal sealed record LoanTerms(string Storage, TimeSpan Limit, Func<Loan> Open);
