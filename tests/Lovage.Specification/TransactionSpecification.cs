using System.Data;
using System.Data.Common;
using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Publishing and settling inside a caller's own transaction.</summary>
public abstract class TransactionSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private JobTransactions Transactions =>
        Storage.Transactions
            ?? throw new InvalidOperationException($"{Storage.Description} takes part in no transactions.");

    [Fact]
    public async Task Publish_Committed_IsAnOrdinaryJob()
    {
        var message = A.Full();
        await using (var transaction = await BeginAsync())
        {
            Assert.Equal([PublishStatus.Accepted], await PublishInAsync(transaction, message));
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal(JobState.Queued, await StateAsync(message));
        Assert.Equal(1, (await QueueAsync()).Ready);
        Assert.Equal(1, Assert.Single(await History.CountersAsync(Stop)).Enqueued);
        var delivery = Assert.Single(await ReceiveFromAsync(Other));
        AssertSame(message, delivery.Message);
        Assert.Equal([SettleStatus.Applied], Statuses(await Other.Store.SettleAsync([A.Outcome(delivery)], Stop)));
    }

    [Fact]
    public async Task Publish_BeforeTheCommit_IsSeenByNobody()
    {
        var message = A.Message();
        await using var transaction = await BeginAsync();
        await PublishInAsync(transaction, message);

        foreach (var storage in new[] { Storage, Other })
        {
            Assert.Null((await storage.History!.FindAsync([message.Id], Stop))[0]);
            Assert.Empty(await storage.Broker.PeekAsync(TestData.Queue, 10, Stop));
            Assert.Empty(await storage.History!.CountersAsync(Stop));
            Assert.Equal(0, (await storage.Broker.QueuesAsync(Stop)).Sum(static queue => queue.Ready));
        }

        await transaction.CommitAsync(Stop);
        Assert.NotNull((await Other.History!.FindAsync([message.Id], Stop))[0]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Publish_RolledBack_LeavesNothing(bool disposed)
    {
        var message = A.Message("tasks.new_here", "new_here");
        await using (var transaction = await BeginAsync())
        {
            await PublishInAsync(
                transaction,
                message,
                A.Message() with { Tags = ["a"] },
                A.Message() with { Delay = TimeSpan.FromHours(1) });
            if (!disposed)
            {
                await transaction.RollbackAsync(Stop);
            }
        }

        Assert.Null((await History.FindAsync([message.Id], Stop))[0]);
        Assert.Empty((await History.QueryAsync(new JobQuery(), Stop)).Jobs);
        Assert.DoesNotContain(await History.CountersAsync(Stop), static counter => counter.Enqueued != 0);
        Assert.DoesNotContain(
            await Broker.QueuesAsync(Stop), static queue => queue.Ready + queue.Scheduled + queue.Claimed != 0);
        Assert.Empty(await ReceiveAsync(10, "one", TestData.Queue, "new_here"));

        // What the first one made up on its way, such as numbers of names, is not believed in.
        Assert.Equal([PublishStatus.Accepted], await PublishAsync(message));
        AssertSame(
            message, Assert.Single(await ReceiveFromAsync(Other, 10, "one", "new_here")).Message);
        Assert.Equal(
            1, Assert.Single(await History.CountersAsync(Stop), static counter => counter.Enqueued != 0).Enqueued);
    }

    [Fact]
    public async Task Publish_NewWordsAfterARollback_AreThoseOfTheNextTransaction()
    {
        var messages = Enumerable.Range(0, 3).Select(i => A.Message($"tasks.word_{i}", $"word_{i}")).ToArray();
        await using (var lost = await BeginAsync())
        {
            await PublishInAsync(lost, messages[0], messages[1]);
        }

        await using (var kept = await BeginAsync())
        {
            await PublishInAsync(kept, messages[1], messages[2]);
            await kept.CommitAsync(Stop);
        }

        await PublishAsync(messages[0]);
        foreach (var message in messages)
        {
            AssertSame(
                message,
                Assert.Single(await ReceiveFromAsync(Other, 10, "one", message.Queue)).Message);
        }
    }

    [Fact]
    public async Task Publish_SeveralCallsInOneTransaction_AreOne()
    {
        var (first, second) = (A.Message(), A.Messages(JobBroker.BatchMax));
        await using (var transaction = await BeginAsync())
        {
            await PublishInAsync(transaction, first);
            await PublishInAsync(transaction, second);
            await transaction.CommitAsync(Stop);
        }

        JobId[] expected = [first.Id, .. Ids(second.Take(9))];
        Assert.Equal(expected, Ids(await ReceiveAsync(10)));
        Assert.Equal(1 + second.Length, Assert.Single(await History.CountersAsync(Stop)).Enqueued);
    }

    [Fact]
    public async Task Publish_ChosenIds_AreCheckedAndLeaveTheTransactionGood()
    {
        var known = A.Message() with { HasChosenId = true };
        var own = A.Message() with { HasChosenId = true };
        await PublishAsync(known);
        await using (var transaction = await BeginAsync())
        {
            Assert.Equal([PublishStatus.AlreadyKnown], await PublishInAsync(transaction, known));
            Assert.Equal(
                [PublishStatus.IdConflict, PublishStatus.Accepted],
                await PublishInAsync(transaction, known with { Name = "tasks.other" }, own));
            Assert.Equal([PublishStatus.AlreadyKnown], await PublishInAsync(transaction, own));
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal([known.Id, own.Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Publish_Delayed_WaitsForItsTime()
    {
        var message = A.Message() with { Delay = TimeSpan.FromMinutes(1) };
        await using (var transaction = await BeginAsync())
        {
            await PublishInAsync(transaction, message);
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal(JobState.Scheduled, await StateAsync(message));
        Assert.Empty(await ReceiveAsync());
        Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal([message.Id], Ids(await ReceiveAsync()));
    }

    [Fact]
    public async Task Publish_InAnotherLibrarysTransaction_IsRefused()
    {
        await using var transaction = new ForeignTransaction();

        await Assert.ThrowsAsync<ArgumentException>(() => PublishInAsync(transaction, A.Message()));

        Assert.Empty((await History.QueryAsync(new JobQuery(), Stop)).Jobs);
        Assert.Equal(new BoundedCount(0, true), await History.CountAsync(new JobQuery { Tag = "a" }, 10, Stop));
    }

    [Theory]
    [InlineData("commit")]
    [InlineData("rollback")]
    [InlineData("dispose")]
    public async Task Publish_AfterTheEndOfTheTransaction_IsRefused(string end)
    {
        var transaction = await BeginAsync();
        await (end switch
        {
            "commit" => transaction.CommitAsync(Stop),
            "rollback" => transaction.RollbackAsync(Stop),
            _ => transaction.DisposeAsync().AsTask(),
        });

        await Assert.ThrowsAsync<InvalidOperationException>(() => PublishInAsync(transaction, A.Message()));
        await transaction.DisposeAsync();

        Assert.Empty((await History.QueryAsync(new JobQuery(), Stop)).Jobs);
    }

    [Fact]
    public async Task Publish_CancelledBefore_WritesNothing()
    {
        await using var transaction = await BeginAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await Transactions.PublishAsync(transaction, [A.Message()], new CancellationToken(canceled: true)));
        await transaction.CommitAsync(Stop);

        Assert.Empty((await History.QueryAsync(new JobQuery(), Stop)).Jobs);
    }

    [Fact]
    public async Task Settle_Committed_IsTheOutcome()
    {
        var message = await PublishOneAsync();
        var outcome = A.Outcome(await ReceiveOneAsync()) with { Result = "42"u8.ToArray() };
        await using (var transaction = await BeginAsync())
        {
            Assert.Equal(SettleStatus.Applied, await SettleInAsync(transaction, outcome));
            Assert.Equal(SettleStatus.Applied, await SettleInAsync(transaction, outcome));
            Assert.Equal(TransactionFate.Open, await Transactions.LookAsync(outcome, Stop));
            Assert.Equal(JobState.Queued, await StateAsync(message));
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal(TransactionFate.Committed, await Transactions.LookAsync(outcome, Stop));
        Assert.Equal(SettleStatus.Applied, await SettleAsync(outcome));
        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Succeeded, 1), (record.State, record.Attempts));
        Assert.Equal("42"u8.ToArray(), record.Result.ToArray());
        Assert.Equal(1, Assert.Single(await History.CountersAsync(Stop)).Succeeded);
        Assert.Equal(0, (await QueueAsync()).Claimed);
    }

    [Fact]
    public async Task Look_ThatFindsTheOutcomeCommitted_TellsTheEnd()
    {
        await PublishOneAsync();
        var outcome = A.Outcome(await ReceiveOneAsync());
        var ends = ListenForEnds();
        await using (var transaction = await BeginAsync())
        {
            Assert.Equal(
                new SettleResult(SettleStatus.Applied, JobState.Succeeded),
                await Transactions.SettleAsync(transaction, outcome, Stop));
            Assert.Equal(TransactionFate.Open, await Transactions.LookAsync(outcome, Stop));
            Assert.Empty(ends);
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal(TransactionFate.Committed, await Transactions.LookAsync(outcome, Stop));
        Assert.Contains(outcome.Id, ends);
    }

    [Fact]
    public async Task Look_ThatFindsTheOutcomeRolledBack_TellsNoEnd()
    {
        await PublishOneAsync();
        var outcome = A.Outcome(await ReceiveOneAsync());
        var ends = ListenForEnds();
        await using (var transaction = await BeginAsync())
        {
            await Transactions.SettleAsync(transaction, outcome, Stop);
        }

        Assert.Equal(TransactionFate.RolledBack, await Transactions.LookAsync(outcome, Stop));
        Assert.Empty(ends);
    }

    [Fact]
    public async Task Publish_InATransaction_SaysIdAndState()
    {
        var known = A.Message() with { HasChosenId = true, Delay = TimeSpan.FromHours(1) };
        await PublishAsync(known);
        var message = A.Message();
        await using var transaction = await BeginAsync();

        Assert.Equal(
            [
                new PublishResult(PublishStatus.Accepted, message.Id, JobState.Queued),
                new(PublishStatus.AlreadyKnown, known.Id, JobState.Scheduled),
                new(PublishStatus.IdConflict, known.Id, JobState.Scheduled),
            ],
            await Transactions.PublishAsync(
                transaction, [message, known, known with { Name = "tasks.other" }], Stop));
    }

    [Fact]
    public async Task Settle_RolledBack_LeavesTheClaimAsItWas()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await using (var transaction = await BeginAsync())
        {
            Assert.Equal(SettleStatus.Applied, await SettleInAsync(transaction, A.Outcome(delivery)));
        }

        Assert.Equal(TransactionFate.RolledBack, await Transactions.LookAsync(A.Outcome(delivery), Stop));
        Assert.Equal(LeaseStatus.Held, await RenewAsync(delivery));
        Assert.Equal(1, (await QueueAsync()).Claimed);
        Assert.Equal(SettleStatus.Applied, await SettleAsync(delivery, JobDecision.Fail));
        Assert.Equal(JobState.Failed, await StateAsync(message));
        Assert.Equal(0, Assert.Single(await History.CountersAsync(Stop)).Succeeded);
    }

    [Fact]
    public async Task Settle_LostLease_ChangesNothing()
    {
        var message = await PublishOneAsync();
        var lost = A.Outcome(await ReceiveOneAsync());
        await KillAsync();
        await using (var transaction = await BeginAsync())
        {
            Assert.Equal(SettleStatus.Stale, await SettleInAsync(transaction, lost));
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal(TransactionFate.RolledBack, await Transactions.LookAsync(lost, Stop));
        Assert.Equal(JobState.Queued, await StateAsync(message));
        var next = await ReceiveOneOrphanAsync("two");
        await using (var transaction = await BeginAsync())
        {
            Assert.Equal(SettleStatus.Stale, await SettleInAsync(transaction, lost));
            Assert.Equal(SettleStatus.Applied, await SettleInAsync(transaction, A.Outcome(next)));
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal(JobState.Succeeded, await StateAsync(message));
        Assert.Equal(TransactionFate.RolledBack, await Transactions.LookAsync(lost, Stop));
    }

    [Fact]
    public async Task Settle_WithFollowUps_PublishesThemAtTheCommit()
    {
        await PublishOneAsync();
        var follow = A.Message("tasks.next", "next");
        var outcome = A.Outcome(await ReceiveOneAsync()) with { FollowUps = [follow] };
        await using (var transaction = await BeginAsync())
        {
            await Transactions.SettleAsync(transaction, outcome, Stop);
            Assert.Null((await History.FindAsync([follow.Id], Stop))[0]);
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal([follow.Id], Ids(await ReceiveAsync(10, "one", "next")));
    }

    private async Task<IReadOnlyList<PublishStatus>> PublishInAsync(
        DbTransaction transaction, params JobMessage[] messages) =>
        Statuses(await Transactions.PublishAsync(transaction, messages, Stop));

    private async Task<SettleStatus> SettleInAsync(DbTransaction transaction, Settlement outcome) =>
        (await Transactions.SettleAsync(transaction, outcome, Stop)).Status;

    /// <summary>Of a library that no storage knows.</summary>
    private sealed class ForeignTransaction : DbTransaction
    {
        public override IsolationLevel IsolationLevel => IsolationLevel.ReadCommitted;

        protected override DbConnection? DbConnection => null;

        public override void Commit()
        {
        }

        public override void Rollback()
        {
        }
    }
}
