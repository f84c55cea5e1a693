using Lovage.Execution;
using Lovage.Spawning;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Lovage.Tests.Hosting;

/// <summary>Who is seen to hold a thread of the pool, by a whole app with the real clock.</summary>
public sealed class BlockingHandlerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<(string Name, bool HoldsThread)?> _seen = [];
    private readonly ManualResetEventSlim _never = new();
    private IHost? _host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private JobClient Jobs => _host!.Services.GetRequiredService<JobClient>();

    private TaskSpawner Spawner => _host!.Services.GetRequiredService<TaskSpawner>();

    public async ValueTask InitializeAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var look = new JobDefinition("look", LookAsync);
        builder.AddLovage().UseStorage("memory:").AddWorker(worker => worker.MaxAttempts = 1)
            .AddJob(look)
            .AddJob(new JobDefinition("look.apart", LookAsync) { Execution = JobExecution.DedicatedThread })
            .AddJob(new JobDefinition("stuck", _ =>
            {
                _never.Wait(Patience, CancellationToken.None);
                return default;
            })
            {
                TimeLimit = TimeSpan.FromMilliseconds(200),
            });
        _host = builder.Build();
        await _host.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        _never.Set();
        await _host!.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_host).DisposeAsync();
        _never.Dispose();
    }

    [Fact]
    public async Task OnPool_JobOfAWorker_HoldsItsThreadUntilItAwaits()
    {
        await (await Jobs.EnqueueAsync(Job.Create("look"), Cancel)).WaitAsync(Patience, Cancel);

        Assert.Equal([("look", true), ("look", false)], _seen);
        await AssertNothingRunsAsync();
    }

    [Fact]
    public async Task OnPool_JobOnADedicatedThread_IsNotOfThePoolUntilItAwaits()
    {
        await (await Jobs.EnqueueAsync(Job.Create("look.apart"), Cancel)).WaitAsync(Patience, Cancel);

        Assert.Equal([null, ("look.apart", false)], _seen);
    }

    [Fact]
    public async Task OnPool_HandlerThatTheWorkerGaveUpOn_StillHoldsItsThread()
    {
        var stuck = await Jobs.EnqueueAsync(Job.Create("stuck"), Cancel);
        await Assert.ThrowsAsync<JobFailedException>(async () => await stuck.WaitAsync(Patience, Cancel));

        var handler = Assert.Single(OnPool());
        Assert.Equal(("stuck", true), (handler.Name, handler.HoldsThread));
        Assert.True(handler.Duration >= TimeSpan.FromMilliseconds(200));

        _never.Set();
        await AssertNothingRunsAsync();
    }

    [Fact]
    public async Task OnPool_SpawnedWork_HoldsItsThreadUntilItAwaits()
    {
        await Spawner.Spawn(Job.Create("look"));
        await Spawner.Spawn(Job.Create("look.apart"));
        await Spawner.Spawn("delegate", async () =>
        {
            Look("delegate");
            await LookAfterAwaitAsync("delegate", isListed: true);
        });
        await Spawner.RunDedicatedAsync(() => Look("OnPool_SpawnedWork_HoldsItsThreadUntilItAwaits"), Cancel);

        Assert.Equal(
            [("look", true), ("look", false), null, null, ("delegate", true), ("delegate", false), null], _seen);
    }

    [Fact]
    public async Task OnPool_SpawnedWorkThatWaitsForItsNextTry_DoesNotRun()
    {
        var retry = new RetryPolicy { Delays = [TimeSpan.FromHours(1)], MaxAttempts = 2 };
        var task = Spawner.Spawn(
            "again", () => throw new InvalidOperationException(), new SpawnOptions { Retry = retry });
        while (task.Attempt == 0 || task.State != SpawnedTaskState.Waiting)
        {
            await Task.Yield();
        }

        Assert.Empty(OnPool());
        task.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.Completion);
    }

    private async ValueTask LookAsync(JobInvocation job)
    {
        Look(job.Context.Name);

        // A spawned job on a dedicated thread is never of the pool; a worker sees where it is.
        await LookAfterAwaitAsync(
            job.Context.Name, isListed: job.Context.Name == "look" || job.Context.Queue.Length > 0);
    }

    private void Look(string name) => _seen.Add(Find(name));

    /// <summary>The thread that called may still be on its way out of the synchronous part.</summary>
    private async Task LookAfterAwaitAsync(string name, bool isListed)
    {
        var start = TimeProvider.System.GetTimestamp();
        do
        {
            await Task.Yield();
        }
        while (isListed
            && Find(name) is not { HoldsThread: false }
            && TimeProvider.System.GetElapsedTime(start) < Patience);
        Look(name);
    }

    private (string Name, bool HoldsThread)? Find(string name)
    {
        var found = OnPool().Where(handler => handler.Name == name).ToList();
        return found.Count == 0 ? null : (found[0].Name, found[0].HoldsThread);
    }

    private IEnumerable<RunningHandler> OnPool() =>
        _host!.Services.GetRequiredService<WorkerSet>()
            .OnPool()
            .Concat(_host.Services.GetRequiredService<LocalRunner>().OnPool());

    /// <summary>What has ended leaves the list a moment after its outcome is known.</summary>
    private async Task AssertNothingRunsAsync()
    {
        var start = TimeProvider.System.GetTimestamp();
        while (OnPool().Any())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "it is still listed");
            await Task.Yield();
        }
    }
}
