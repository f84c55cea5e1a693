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
        (_bouncer = await PgBouncer.CreateAsync(await PostgreSqlServer.GetAsync(), PoolMode.Transaction)).ConnectionString;
}

/// <summary>A pooler that dies and comes back: all connections are lost at once, some between a statement and its answer.</summary>
public sealed class PooledRestartTests : TransactionApp<PoolerOfItsOwnFixture>
{
    private const int Count = 300;

    private static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Jobs_PoolerIsKilledAmidThem_AllSucceedOnceAndConsumingGoesOn()
    {
        var runs = 0;
        var jobs = await StartAsync(Handler("look", _ =>
        {
            Interlocked.Increment(ref runs);
            return Task.CompletedTask;
        }));
        var faults = 0;
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        var producing = ProduceAsync();

        foreach (var reached in new[] { first, second })
        {
            await reached.Task.WaitAsync(Patience, Stop);
            await Fixture.Bouncer.KillAsync();
            Assert.False(producing.IsCompleted);
            await Fixture.Bouncer.StartAsync();
            var start = TimeProvider.System.GetTimestamp();
            var before = Volatile.Read(ref runs);
            while (Volatile.Read(ref runs) == before)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(start) < BackWithin, $"no job ran within {BackWithin} of the pooler's return");
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Stop);
            }
        }

        foreach (var handle in await producing)
        {
            await handle.WaitAsync(Patience, Stop);
        }

        await StopAsync();
        Assert.Equal((Count, Count), await CountersAsync("look"));
        Assert.InRange(Volatile.Read(ref runs), Count, Count * 2);
        Assert.NotEqual(0, faults);

        async Task<List<JobHandle>> ProduceAsync()
        {
            var handles = new List<JobHandle>();
            for (var i = 0; i < Count; i++)
            {
                handles.Add(await StoreAsync(Job.Create("look") with { Id = JobId.Parse(string.Create(CultureInfo.InvariantCulture, $"job{i}")) }));
                if (i is Count / 3 or Count * 2 / 3)
                {
                    (i == Count / 3 ? first : second).SetResult();
                }
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
                    faults++;
                    await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Stop);
                }
            }
        }
    }
}
