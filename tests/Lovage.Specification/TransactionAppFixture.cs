using System.Data.Common;
using Lovage.Storage;

namespace Lovage.Specification;

/// <summary>
/// What a backend gives <see cref="TransactionAppSpecification{TFixture}"/>: a database with a table of the app's own
/// beside Lovage's, by the system's clock.
/// </summary>
public abstract class TransactionAppFixture : IAsyncDisposable
{
    /// <summary>The app's table, as SQL names it: <c>effect(id text)</c>, empty.</summary>
    public abstract string Table { get; }

    /// <summary>
    /// How often workers look by themselves: so seldom that only a hint wakes them in time, unless there are none.
    /// </summary>
    public virtual TimeSpan PollInterval => TimeSpan.FromMinutes(1);

    /// <summary>Makes the database.</summary>
    public abstract ValueTask StartAsync();

    /// <summary>A storage on it that was not opened.</summary>
    public abstract JobStorage NewStorage();

    /// <summary>Begins a transaction as the app does. Disposing it rolls back what was not committed.</summary>
    public abstract ValueTask<AppTransaction> BeginAsync(JobClient jobs);

    /// <summary>Counts rows of the table over a connection of its own.</summary>
    /// <param name="condition">SQL, as <c>id = 'x'</c>.</param>
    public abstract ValueTask<long> CountAsync(string condition = "true");

    public abstract ValueTask DisposeAsync();
}

/// <summary>A transaction and the connection that ends with it. Disposing rolls back what was not committed.</summary>
/// <param name="transaction">The transaction.</param>
/// <param name="connection">Its connection; null when it goes with the transaction.</param>
public sealed class AppTransaction(DbTransaction transaction, DbConnection? connection) : IAsyncDisposable
{
    public DbTransaction Transaction { get; } = transaction;

    public static implicit operator DbTransaction(AppTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return transaction.ToDbTransaction();
    }

    public DbTransaction ToDbTransaction() => Transaction;

    public Task CommitAsync(CancellationToken cancellationToken) => Transaction.CommitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Transaction.DisposeAsync();
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }
    }
}
