using System.Data;
using Lovage.Specification;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>
/// The storage and the app's transactions through PgBouncer in transaction mode. No signal reaches another process, so
/// that workers look often.
/// </summary>
public sealed class PooledTransactionAppFixture : PostgreSqlTransactionAppFixture
{
    public override TimeSpan PollInterval => TimeSpan.FromMilliseconds(100);

    protected override async Task<string> ConnectionStringAsync() => (await PgBouncer.GetAsync()).ConnectionString;
}

/// <summary>Transactions of an app through PgBouncer, which share the few sessions that the storage has.</summary>
public sealed class PooledTransactionTests : TransactionAppSpecification<PooledTransactionAppFixture>
{
    [Fact]
    public async Task Start_ThroughAPooler_SaysSoInTheLog()
    {
        await StartAsync();

        var line = Assert.Single(Logs, static line => line.Text.Contains("pooler", StringComparison.Ordinal));
        Assert.Equal(3015, line.Event);
        Assert.Contains("by polling only", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enqueue_CommittedLateAndOvertaken_IsFoundAllTheSame()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));

        await using var transaction = await Fixture.BeginAsync(jobs);
        var handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
        var start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(1.5))
        {
            // Longer than a worker waits before it no longer looks at places that it has passed.
            await (await jobs.EnqueueAsync(Job.Create("look"), Stop)).WaitAsync(Patience, Stop);
        }

        Assert.Null(await handle.FindAsync(Stop));
        await transaction.CommitAsync(Stop);

        await handle.WaitAsync(Patience, Stop);
    }

    [Fact]
    public async Task Enqueue_TransactionStraightToTheServer_IsOneOfTheSameDatabase()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));

        await using var transaction = await Fixture.BeginAsync(
            IsolationLevel.ReadCommitted, Fixture.Server.ConnectionString);
        var handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
        await transaction.CommitAsync(Stop);

        await handle.WaitAsync(Patience, Stop);
    }

    [Fact]
    public async Task Renew_JobOfSeveralLeasesAmongOthers_KeepsItsLease()
    {
        var jobs = await StartAsync(
            [("Lovage:Worker:Lease", "00:00:03")],
            Handler(
                "wait",
                static run => Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System, run.Context.CancellationToken)),
            Handler("look", static _ => Task.CompletedTask));

        var waiting = await jobs.EnqueueAsync(Job.Create("wait"), Stop);
        var others = await jobs.EnqueueAsync(
            [.. Enumerable.Range(0, 500).Select(static _ => Job.Create("look"))], Stop);
        await others[^1].WaitAsync(Patience, Stop);
        await waiting.WaitAsync(Patience, Stop);

        Assert.Single(await waiting.GetAttemptsAsync(Stop));
        Assert.DoesNotContain(Logs, static line => line.Event is 2005 or 2006 or 2009);
    }
}

/// <summary>Transactions through PgBouncer, whose app keeps its jobs straight in the server and listens.</summary>
public sealed class PooledTransactionsOfOthersTests : TransactionApp<PostgreSqlTransactionAppFixture>
{
    [Fact]
    public async Task Enqueue_ThroughAPooler_TellsTheStorageThatListensAtTheCommit()
    {
        var bouncer = await PgBouncer.GetAsync();
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));

        JobHandle handle;
        await using (var transaction = await Fixture.BeginAsync(IsolationLevel.ReadCommitted, bouncer.ConnectionString))
        {
            handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
            await transaction.CommitAsync(Stop);
        }

        // The worker looks by itself once a minute.
        await handle.WaitAsync(Patience, Stop);
    }
}
