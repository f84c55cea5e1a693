using System.Collections.Concurrent;
using Lovage.Execution;
using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Storage.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lovage.Tests.Execution;

/// <summary>Real threads and the real clock: what a stepped world cannot show.</summary>
public sealed class DedicatedThreadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DedicatedThread_BlockingHandlers_RunBesideEachOtherOffThePool()
    {
        var threads = new ConcurrentDictionary<JobId, (string? Name, bool IsPool, bool IsSame)>();
        using var together = new Barrier(3);
        var blocking = new JobDefinition("block", async job =>
        {
            var thread = Thread.CurrentThread;
            Assert.True(together.SignalAndWait(Patience), "the others never came");
            threads[job.Context.Id] = (thread.Name, thread.IsThreadPoolThread, thread == Thread.CurrentThread);
            await Task.CompletedTask;
        });
        var plain = new ConcurrentQueue<bool>();
        var asynchronous = new JobDefinition("plain", _ =>
        {
            plain.Enqueue(Thread.CurrentThread.IsThreadPoolThread);
            return default;
        });
        await RunAsync(
            [blocking with { Execution = JobExecution.DedicatedThread }, asynchronous],
            ["block", "block", "block", "plain"]);

        Assert.Equal(3, threads.Count);
        Assert.All(threads.Values, thread => Assert.Equal((false, true), (thread.IsPool, thread.IsSame)));
        Assert.All(
            threads.Values, thread => Assert.StartsWith("lovage-dedicated-", thread.Name, StringComparison.Ordinal));
        Assert.Equal(3, threads.Values.Select(thread => thread.Name).Distinct().Count());
        Assert.Equal([true], plain);
    }

    [Fact]
    public async Task DedicatedThread_HandlerThatAwaits_EndsWhenItIsDone()
    {
        var after = false;
        var job = new JobDefinition("await", async _ =>
        {
            await Task.Yield();
            after = true;
        });
        await RunAsync([job with { Execution = JobExecution.DedicatedThread }], ["await"]);
        Assert.True(after);
    }

    [Fact]
    public async Task DedicatedThread_HandlerThatNeverReturns_IsReplacedByAnotherThread()
    {
        using var never = new ManualResetEventSlim();
        var stuck = new JobDefinition("stuck", _ =>
        {
            never.Wait(Patience, CancellationToken.None);
            return default;
        });
        var job = new JobDefinition("n", static _ => default) with { Execution = JobExecution.DedicatedThread };
        await RunAsync(
            [stuck with
            {
                Execution = JobExecution.DedicatedThread,
                TimeLimit = TimeSpan.FromMilliseconds(200),
                MaxAttempts = 1,
            }, job],
            ["stuck", "n", "n"],
            concurrency: 1,
            ofFirst: JobState.Failed);
        Assert.False(never.IsSet);
        never.Set();
    }

    private static async Task RunAsync(
        JobDefinition[] jobs, string[] names, int concurrency = 4, JobState ofFirst = JobState.Succeeded)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        await using var storage = new MemoryStorage(TimeProvider.System);
        await using var worker = new JobWorker(
            storage,
            new JobWorkerServices
            {
                Jobs = new JobRegistry(new JobCatalog(jobs)),
                Serializer = new JobSerializer(),
                Scopes = services.GetRequiredService<IServiceScopeFactory>(),
                Time = TimeProvider.System,
                Random = new Random(1),
                Loggers = NullLoggerFactory.Instance,
            },
            new WorkerSettings { Concurrency = concurrency },
            WorkerWorld.Owner);
        var ended = new WakeUp();
        using var heard = storage.Signals.Subscribe(_ => ended.Pulse(), SignalKind.JobEnded);
        JobId[] ids = [.. names.Select((name, i) => JobId.Parse($"{name}-{i}"))];
        await storage.Broker.PublishAsync(
            [.. ids.Zip(
                names,
                (id, name) =>
                    new JobMessage { Id = id, Name = name, Queue = "default", Body = "[[],{},{}]"u8.ToArray() })],
            Cancel);
        await worker.StartAsync(Cancel);
        while (true)
        {
            var seen = ended.Version;
            var records = await storage.History!.FindAsync(ids, Cancel);
            if (records.All(record => record!.State.IsFinal))
            {
                Assert.Equal(ofFirst, records[0]!.State);
                Assert.All(records.Skip(1), record => Assert.Equal(JobState.Succeeded, record!.State));
                break;
            }

            Assert.True(await ended.WaitAsync(seen, Patience, TimeProvider.System, Cancel), "the jobs never ended");
        }

        await worker.StopAsync(Cancel);
    }
}
