using System.Data;
using System.Data.Common;
using Lovage.Execution;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>
/// What the worker makes of completions in transactions, on a storage whose transactions do what the test says.
/// </summary>
public sealed class JobWorkerTransactionTests
{
    private static readonly SomeTransaction Tx = new();

    [Fact]
    public void Complete_Committed_NothingMoreIsSettled()
    {
        using var world = World(static (_, storage) => storage.Commits = true, out var storage);
        var id = Run(world);

        Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State);
        Assert.Equal("7", System.Text.Encoding.UTF8.GetString(world.Find(id).Result.Span));
        Assert.Single(world.Attempts(id));
        Assert.Equal([2001], Told(world));
        Assert.Equal(0, storage.Ordinary);
        Assert.Equal(0, world.Worker.Status.Running);
    }

    [Fact]
    public void Complete_RolledBack_IsAFailureThatIsRetried()
    {
        using var world = World(static (job, storage) => storage.Commits = job.Context.Attempt == 2, out _);
        var id = Run(world);

        Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State);
        Assert.Equal(
            [AttemptEnd.Failed, AttemptEnd.Succeeded], world.Attempts(id).Select(static attempt => attempt.End));
        Assert.Equal([2002, 2001], Told(world));
    }

    [Fact]
    public void Complete_LeftOpen_IsWaitedForAndThenLeftToItsLease()
    {
        using var world = World(static (_, storage) => storage.IsOpen = true, out var storage);
        var id = Run(world);
        var before = world.Elapsed;

        world.Until(() => Told(world).Contains(2017));

        Assert.InRange(world.Elapsed - before, storage.OpenLimit, storage.OpenLimit + TimeSpan.FromSeconds(1));
        Assert.NotEqual(JobState.Succeeded, world.Find(id).State);
        Assert.Equal(0, storage.Ordinary);
        world.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, world.Worker.Status.Running);
    }

    [Fact]
    public void Complete_ClosedWithinTheWait_IsTheOutcome()
    {
        using var world = World(static (_, storage) => storage.IsOpen = true, out var storage);
        var id = Run(world);
        world.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(Told(world));

        // In the midst of the wait, not after it.
        storage.Commits = true;
        world.Do(storage.CommitAsync);

        Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State);
        world.Until(() => Told(world).Contains(2001));
    }

    [Fact]
    public void Complete_StorageCannotBeAskedAfterwards_IsAskedUntilItCan()
    {
        using var world = World(static (_, storage) => (storage.Commits, storage.Faults) = (true, 3), out var storage);
        var id = Run(world);

        Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State);
        world.Until(() => Told(world).Contains(2001));
        Assert.Equal(0, storage.Faults);
        Assert.Equal(0, storage.Ordinary);
    }

    [Fact]
    public void Complete_LostLease_ThrowsAndNothingIsCounted()
    {
        Exception? thrown = null;
        using var world = World(
            static (_, storage) => (storage.IsStale, storage.Commits) = (!storage.WasAsked, storage.WasAsked),
            out var storage,
            caught: fault => thrown = fault);
        var id = Run(world);

        Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State);
        Assert.Equal(id, Assert.IsType<LeaseLostException>(thrown).Id);
        Assert.Single(world.Attempts(id));
        Assert.Equal(0, storage.Ordinary);
    }

    [Fact]
    public void Complete_OnAStorageWithoutTransactions_FailsWithItsReason()
    {
        using var world = new WorkerWorld(
            new WorkerSettings { MaxAttempts = 1 },
            new JobDefinition("pay", static job => job.Context.CompleteInTransactionAsync(Tx)));
        world.Start();
        var id = world.Enqueue("pay");

        Assert.Equal(JobState.Failed, world.UntilEnded(id).State);
        Assert.Contains(
            "cannot take part in a transaction",
            Assert.Single(world.Attempts(id)).Error!.Message,
            StringComparison.Ordinal);
    }

    private static int[] Told(WorkerWorld world) =>
        [.. world.Logs.Select(static line => line.Event)
            .Where(static number => number is 2001 or 2002 or 2003 or 2005 or 2016 or 2017)];

    private static JobId Run(WorkerWorld world)
    {
        world.Start();
        return world.Enqueue("pay");
    }

    private static WorkerWorld World(
        Action<JobInvocation, Script> script, out Script storage, Action<Exception>? caught = null)
    {
        Script? made = null;
        var definition = new JobDefinition("pay", async job =>
        {
            script(job, made!);
            try
            {
                await job.Context.CompleteInTransactionAsync(Tx, 7);
            }
            catch (LeaseLostException fault)
            {
                caught?.Invoke(fault);
                throw;
            }

            if (made!.Commits)
            {
                await made.CommitAsync();
            }
        });
        var world = new WorkerWorld(new WorkerSettings { Concurrency = 2 }, [definition], null, wrap: (inner, _) =>
        {
            made = new Script(inner);
            return new FailingStorage(inner, TimeProvider.System, outcomes => Note(made, outcomes))
            {
                InTransaction = made,
            };
        });
        storage = made!;
        return world;
    }

    private static StorageException? Note(Script script, IReadOnlyList<Settlement> outcomes)
    {
        script.Ordinary += outcomes.Count(static outcome => outcome.Decision == JobDecision.Succeed);
        return null;
    }

    /// <summary>Keeps one outcome back from the memory until it is committed.</summary>
    private sealed class Script(JobStorage inner)
        : JobTransactions("memory", inner.Signals, TimeProvider.System)
    {
        internal bool Commits { get; set; }

        internal bool IsOpen { get; set; }

        internal bool IsStale { get; set; }

        /// <summary>How often the storage cannot be asked.</summary>
        internal int Faults { get; set; }

        /// <summary>Successes that were settled in no transaction.</summary>
        internal int Ordinary { get; set; }

        internal bool WasAsked => Settled is not null;

        private Settlement? Settled { get; set; }

        internal async Task CommitAsync()
        {
            await inner.Store.SettleAsync([Settled!], CancellationToken.None);
            IsOpen = false;
        }

        protected override ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
            DbTransaction transaction, IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("nothing is published here");

        protected override ValueTask<SettleResult> SettleCoreAsync(
            DbTransaction transaction, Settlement outcome, CancellationToken cancellationToken)
        {
            Settled = outcome;
            return new(IsStale
                ? new SettleResult(SettleStatus.Stale, null)
                : new SettleResult(SettleStatus.Applied, JobState.Succeeded));
        }

        protected override ValueTask<TransactionFate> LookCoreAsync(
            Settlement outcome, CancellationToken cancellationToken)
        {
            if (Faults > 0)
            {
                Faults--;
                throw new StorageException("away", isTransient: true);
            }

            return new(
                IsOpen ? TransactionFate.Open : Commits ? TransactionFate.Committed : TransactionFate.RolledBack);
        }
    }

    private sealed class SomeTransaction : DbTransaction
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
