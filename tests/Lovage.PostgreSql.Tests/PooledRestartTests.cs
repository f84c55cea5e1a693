using System.Globalization;
using Lovage.Specification;
using Lovage.Storage;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>An app through a PgBouncer of its own, which may be killed.</summary>
public sealed class PoolerOfItsOwnFixture : PostgreSqlTransactionAppFixture
{
    private PgBouncer? _bouncer;

    public PgBouncer Bouncer => _bouncer!;

    public override TimeSpan PollInterval => TimeSpan.FromSeconds(2);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_bouncer is not null)
        {
            await _bouncer.DisposeAsync();
        }
    }

    protected override async Task<string> ConnectionStringAsync() =>
        (_bouncer =
            await PgBouncer.CreateAsync(await PostgreSqlServer.GetAsync(), PoolMode.Transaction)).ConnectionString;
}

/// <summary>
/// A pooler that dies and comes back: all connections are lost at once, some between a statement and its answer.
/// </summary>
public sealed class PooledRestartTests : TransactionApp<PoolerOfItsOwnFixture>
{
    private const int Each = 100;

    private static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Jobs_PoolerIsKilledAmidThem_AllSucceedOnceAndConsumingGoesOn()
    {
        var (runs, stored, faults, enough) = (0, 0, 0, false);
        var jobs = await StartAsync(Handler("look", _ =>
        {
            Interlocked.Increment(ref runs);
            return Task.CompletedTask;
        }));
        var producing = ProduceAsync();

        for (var kill = 1; kill <= 2; kill++)
        {
            var wanted = Volatile.Read(ref stored) + Each;
            await UntilAsync(() => Volatile.Read(ref stored) >= wanted, Patience, "jobs were not stored in time");
            await Fixture.Bouncer.KillAsync();
            var seen = Volatile.Read(ref faults);
            await UntilAsync(
                () => Volatile.Read(ref faults) > seen,
                Patience,
                "the producer did not notice that the pooler is gone");
            var before = Volatile.Read(ref runs);
            await Fixture.Bouncer.StartAsync();
            await UntilAsync(
                () => Volatile.Read(ref runs) > before, BackWithin, "no job ran after the pooler's return");
        }

        Volatile.Write(ref enough, true);
        var handles = await producing;
        foreach (var handle in handles)
        {
            await handle.WaitAsync(Patience, Stop);
        }

        await StopAsync();
        Assert.Equal((handles.Count, handles.Count), await CountersAsync("look"));
        Assert.InRange(Volatile.Read(ref runs), handles.Count, handles.Count * 2);

        async Task<List<JobHandle>> ProduceAsync()
        {
            var handles = new List<JobHandle>();
            while (!Volatile.Read(ref enough))
            {
                handles.Add(await StoreAsync(Job.Create("look") with
                {
                    Id = JobId.Parse(string.Create(CultureInfo.InvariantCulture, $"job{handles.Count}")),
                }));
                Volatile.Write(ref stored, handles.Count);
            }

            return handles;
        }

        // As a caller does who wants his job stored: with the same id again.
        async Task<JobHandle> StoreAsync(Job job)
        {
            while (true)
            {
                try
                {
                    return await jobs.EnqueueAsync(job, Stop);
                }
                catch (StorageException fault)
                {
                    Assert.True(fault.IsTransient, fault.Message);
                    Interlocked.Increment(ref faults);
                    await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Stop);
                }
            }
        }
    }

    private static async Task UntilAsync(Func<bool> happened, TimeSpan within, string otherwise)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!happened())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < within, $"{otherwise}, within {within}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Stop);
        }
    }
}
