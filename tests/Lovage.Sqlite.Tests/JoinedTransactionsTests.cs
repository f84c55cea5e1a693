using System.Runtime.CompilerServices;
using Lovage.Specification;
using Lovage.Sqlite.Writing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>How the end of a transaction of the app's becomes known.</summary>
public sealed class JoinedTransactionsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private int _ended;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public void Look_TransactionEnded_TellsOnce()
    {
        using var joined = Joined();
        using var connection = Open();
        using (var transaction = connection.BeginTransaction())
        {
            Assert.NotNull(joined.Join(transaction));
            Assert.Same(joined.Join(transaction), joined.Join(transaction));
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(0, _ended);
            transaction.Commit();
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _ended);
    }

    [Fact]
    public void Look_EndedTransactionIsCollected_TellsToo()
    {
        using var joined = Joined();
        var transaction = Commit(joined);
        for (var i = 0; i < 10 && IsThere(transaction); i++)
        {
            GC.Collect();
        }

        Assert.False(IsThere(transaction));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _ended);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference<SqliteTransaction> Commit(JoinedTransactions joined)
    {
        using var connection = Open();
        using var transaction = connection.BeginTransaction();
        joined.Join(transaction);
        transaction.Commit();
        return new WeakReference<SqliteTransaction>(transaction);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsThere(WeakReference<SqliteTransaction> transaction) => transaction.TryGetTarget(out _);

    private JoinedTransactions Joined() => new(
        _folder.File, static _ => throw new InvalidOperationException("No operation runs."), () => _ended++, _time);

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={_folder.File};Pooling=False");
        connection.Open();
        return connection;
    }
}
