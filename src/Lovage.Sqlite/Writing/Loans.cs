using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Lovage.Storage;
using Microsoft.Data.Sqlite;

namespace Lovage.Sqlite.Writing;

/// <summary>Knows the transaction that is lent to the app now, and finds the loan of a transaction.</summary>
/// <remarks>Safe for use by several threads; beginning and ending are the writer's.</remarks>
internal sealed class Loans
{
    private readonly ConditionalWeakTable<SqliteTransaction, Loan> _lent = [];
    private volatile Loan? _current;

    /// <summary>True while the app has a transaction open: no other call can write.</summary>
    internal bool IsLent => _current is { IsOpen: true };

    internal void Begin(Loan loan)
    {
        _lent.Add(loan.Transaction, loan);
        _current = loan;
    }

    internal void End() => _current = null;

    internal bool TryFind(SqliteTransaction transaction, [NotNullWhen(true)] out Loan? loan) =>
        _lent.TryGetValue(transaction, out loan);

    /// <summary>True while the end of this claim is written in a transaction that is open.</summary>
    internal bool Holds(LeaseToken token) => _current is { } loan && loan.Holds(token);
}
