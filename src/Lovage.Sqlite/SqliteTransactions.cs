using System.Data.Common;
using System.Runtime.CompilerServices;
using Lovage.Protocol;
using Lovage.Sqlite.Writing;
using Lovage.Storage;
using Microsoft.Data.Sqlite;

namespace Lovage.Sqlite;

/// <summary>
/// Publishes and settles in transactions that the writer lends; one at a time, since SQLite has one writer.
/// </summary>
internal sealed class SqliteTransactions(SqliteStorage storage, Func<Loan> open, TimeSpan limit, TimeProvider time)
    : JobTransactions("sqlite", time)
{
    private readonly ConditionalWeakTable<SqliteTransaction, Loan> _lent = [];
    private volatile Loan? _current;

    /// <summary>A transaction that nobody ends is ended by its limit.</summary>
    public override TimeSpan OpenLimit => limit + base.OpenLimit;

    /// <summary>True while the app has a transaction open: nothing else can be written.</summary>
    internal bool IsLent => _current is { IsOpen: true };

    protected override async ValueTask<DbTransaction> BeginCoreAsync(CancellationToken cancellationToken) =>
        (await storage.Writer.DoAsync(new LoanOperation(open, Announce), cancellationToken)).Transaction;

    protected override ValueTask<IReadOnlyList<PublishStatus>> PublishCoreAsync(
        DbTransaction transaction, IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        var operation = new PublishOperation(messages);
        LoanOf(transaction).Run(operation);
        return new(operation.Result!);
    }

    protected override ValueTask<SettleStatus> SettleCoreAsync(
        DbTransaction transaction, Settlement outcome, CancellationToken cancellationToken)
    {
        var loan = LoanOf(transaction);
        var operation = new SettleOperation([outcome]);
        loan.Run(operation);
        if (operation.Result![0] == SettleStatus.Applied)
        {
            loan.Note(outcome.Token);
        }

        return new(operation.Result[0]);
    }

    protected override ValueTask<TransactionFate> LookCoreAsync(Settlement outcome, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // First: once it is not open, what is read is what has become of it.
        if (_current is { } loan && loan.Holds(outcome.Token))
        {
            return new(TransactionFate.Open);
        }

        return new(storage.Readers.Read(reader => SettleOperation.WasApplied(
            reader.Statement(Schema.Sql.AppliedBefore),
            outcome)) ? TransactionFate.Committed : TransactionFate.RolledBack);
    }

    private void Announce(Loan? loan)
    {
        if (loan is not null)
        {
            _lent.Add(loan.Transaction, loan);
        }

        _current = loan;
    }

    private Loan LoanOf(DbTransaction transaction)
    {
        if (transaction is not SqliteTransaction own || !_lent.TryGetValue(own, out var loan))
        {
            throw new ArgumentException(
                "SQLite takes part only in transactions that Lovage has begun on its own file, "
                + $"{storage.Description}; this one is a {transaction.GetType().FullName} of another connection. "
                + "Begin it with: await using var transaction = await jobs.BeginTransactionAsync(); and use "
                + "transaction.Connection for your own tables. Nothing was written.",
                nameof(transaction));
        }

        return loan.IsOpen ? loan : throw loan.Ended();
    }
}
