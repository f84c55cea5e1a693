using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Spawning;

/// <summary>A job value spawned: the handler, scope and filters of a worker, and no storage.</summary>
public sealed partial class SpawnJobTests
{
    private static readonly AsyncLocal<string?> Flow = new();

    private readonly ConcurrentQueue<string> _trail = new();
    private readonly Signal _entered = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Spawn_Job_GivesTheHandlerTheCapturedArgumentsWithoutJson()
    {
        var captured = new Captured(new object());
        JobArguments? seen = null;
        await using var world = await StartAsync(new JobDefinition("captured", job =>
        {
            seen = job.Arguments;
            job.SetResult(new Unwritable(job.Context.Id));
            return default;
        }));

        var result = await world.Spawner.Spawn(new Job<Unwritable>("captured", captured));

        Assert.Same(captured, seen);
        Assert.NotEqual(default, result.Id);
    }

    [Fact]
    public async Task Spawn_JobByName_BindsItsValues()
    {
        await using var world = await StartAsync(Add());

        Assert.Equal(5, await world.Spawner.Spawn(Job.Create<int>("add", 2, 3)));
        Assert.Empty(await Lovage.Testing.JobHarnessExtensions.Jobs(world.Services).EnqueuedAsync(Cancel));
    }

    [Fact]
    public async Task Spawn_ResultOfAnotherType_IsReadAsADurableJobsWouldBe()
    {
        await using var world = await StartAsync(
            Add(),
            new JobDefinition("nothing", static _ => default),
            new JobDefinition("null", static job => { job.SetResult<string?>(null); return default; }));

        Assert.Equal(5L, await world.Spawner.Spawn(Job.Create<long>("add", 2, 3)));
        Assert.Equal(5, await world.Spawner.Spawn(Job.Create<int?>("add", 2, 3)));
        Assert.Equal(5, (await world.Spawner.Spawn(Job.Create<JsonElement>("add", 2, 3))).GetInt32());
        Assert.Equal(0, await world.Spawner.Spawn(Job.Create<int>("nothing")));
        Assert.Null(await world.Spawner.Spawn(Job.Create<string>("null")));
        await Assert.ThrowsAsync<JsonException>(
            async () => await world.Spawner.Spawn(Job.Create<DateTime>("add", 2, 3)));
    }

    [Fact]
    public async Task Spawn_UnknownJob_IsRefusedAtTheCall()
    {
        await using var world = await StartAsync(Add());

        var unknown = Assert.Throws<UnknownJobException>(() => world.Spawner.Spawn(Job.Create("ad")));

        Assert.Contains("Did you mean 'add'?", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("JobClient", unknown.Message, StringComparison.Ordinal);
        Assert.Empty(world.Spawner.Running);
    }

    [Fact]
    public async Task Spawn_ArgumentsThatDoNotFit_FailOnceAndAreNotRetried()
    {
        await using var world = await StartAsync(Add() with { MaxAttempts = 5 });
        var task = world.Spawner.Spawn(Job.Create<int>("add", "two", 3));

        await world.IdleAsync();

        Assert.Contains("'x'", Assert.IsType<BadArgumentsException>(task.Exception).Message, StringComparison.Ordinal);
        Assert.Equal(1, task.Attempt);
    }

    [Fact]
    public async Task Spawn_JobThatCompletesInATransaction_HasNothingToRecord()
    {
        await using var world = await StartAsync(new JobDefinition("pay", async job =>
        {
            await using var transaction = new NoTransaction();
            await job.Context.CompleteInTransactionAsync(transaction, 7, Cancel);
            job.SetResult(8);
        }));

        Assert.Equal(8, await world.Spawner.Spawn(Job.Create<int>("pay")));
    }

    [Fact]
    public async Task Spawn_JobThatFails_IsRetriedByItsOwnPolicyEachInAScopeOfItsOwn()
    {
        var contexts = new ConcurrentQueue<(JobId Id, int Attempt, int Max)>();
        await using var world = await StartAsync(new JobDefinition("flaky", job =>
        {
            contexts.Enqueue((job.Context.Id, job.Context.Attempt, job.Context.MaxAttempts));
            _ = job.Services.GetRequiredService<Scoped>();
            return job.Context.Attempt < 3 ? throw new TimeoutException() : default;
        })
        {
            Retry = new RetryPolicy { MaxAttempts = 4, Delays = [TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3)] },
        });
        var task = world.Spawner.Spawn(Job.Create("flaky"));

        Assert.Equal(TimeSpan.FromMinutes(2), await world.AdvanceToNextTimerAsync());
        Assert.Equal(TimeSpan.FromMinutes(3), await world.AdvanceToNextTimerAsync());

        await task;
        Assert.Equal([1, 2, 3], contexts.Select(static one => one.Attempt));
        Assert.All(contexts, one => Assert.Equal((contexts.First().Id, 4), (one.Id, one.Max)));
        Assert.Equal(["scope closed", "scope closed", "scope closed"], _trail);
    }

    [Theory]
    [InlineData(null, null, 3)]
    [InlineData(2, null, 2)]
    [InlineData(2, 4, 4)]
    public async Task Spawn_JobThatNeverRecovers_IsTriedAsOftenAsJobOptionsAndSettingsSay(
        int? ofTheJob, int? ofTheOptions, int expected)
    {
        await using var world = await StartAsync(
            new JobDefinition("hopeless", static _ => throw new TimeoutException()));
        var options = ofTheOptions is null
            ? null
            : new SpawnOptions { Retry = new RetryPolicy { MaxAttempts = ofTheOptions } };
        var task = world.Spawner.Spawn(Job.Create("hopeless") with { MaxAttempts = ofTheJob }, options);

        for (var i = 1; i < expected; i++)
        {
            await world.AdvanceToNextTimerAsync();
        }

        await world.IdleAsync();
        Assert.Equal((SpawnedTaskState.Failed, expected), (task.State, task.Attempt));
    }

    [Fact]
    public async Task Spawn_JobThatAsksForARetryOrRejects_IsHeard()
    {
        await using var world = await StartAsync(
            new JobDefinition(
                "asks", static job => job.Context.Attempt == 1 ? throw Retry.After(TimeSpan.FromMinutes(9)) : default),
            new JobDefinition("rejects", static _ => throw Reject.Because("closed")));
        var rejects = world.Spawner.Spawn(Job.Create("rejects"));
        var asks = world.Spawner.Spawn(Job.Create("asks"));

        Assert.Equal(TimeSpan.FromMinutes(9), await world.AdvanceToNextTimerAsync());

        await asks;
        Assert.Equal("closed", (await Assert.ThrowsAsync<RejectException>(() => rejects.Completion)).Message);
        Assert.Equal(1, rejects.Attempt);
    }

    [Fact]
    public async Task Spawn_JobWithADelay_WaitsForTheLongerOne()
    {
        await using var world = await StartAsync(Add());
        var at = world.Time.GetUtcNow() + TimeSpan.FromMinutes(20);

        foreach (var (job, options, wait) in new (Job<int>, SpawnOptions?, int)[]
        {
            (Job.Create<int>("add", 1, 1) with { Delay = TimeSpan.FromMinutes(1) }, null, 1),
            (
                Job.Create<int>("add", 1, 1) with { Delay = TimeSpan.FromMinutes(1) },
                new SpawnOptions { Delay = TimeSpan.FromMinutes(2) },
                2),
            (
                Job.Create<int>("add", 1, 1) with { Delay = TimeSpan.FromMinutes(3) },
                new SpawnOptions { Delay = TimeSpan.FromMinutes(2) },
                3),
            (Job.Create<int>("add", 1, 1) with { At = at }, new SpawnOptions { Delay = TimeSpan.FromMinutes(2) }, 14),
            (Job.Create<int>("add", 1, 1) with { At = at }, null, 0),
        })
        {
            var task = world.Spawner.Spawn(job, options);
            if (wait > 0)
            {
                Assert.Equal(TimeSpan.FromMinutes(wait), await world.AdvanceToNextTimerAsync());
            }

            Assert.Equal(2, await task);
        }
    }

    [Fact]
    public async Task Spawn_JobForADedicatedThread_RunsOffThePool()
    {
        (bool IsPool, string? Name) seen = default;
        await using var world = await StartAsync(new JobDefinition("blocks", job =>
        {
            seen = (Thread.CurrentThread.IsThreadPoolThread, Thread.CurrentThread.Name);
            job.SetResult(7);
            return default;
        })
        {
            Execution = JobExecution.DedicatedThread,
        });

        Assert.Equal(7, await world.Spawner.Spawn(Job.Create<int>("blocks")));
        Assert.False(seen.IsPool);
        Assert.StartsWith("lovage-local-", seen.Name, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Spawn_JobOverItsTimeLimit_IsCancelledAndFailsAsTimedOut(bool soft)
    {
        var reason = JobCancellationReason.None;
        var limit = TimeSpan.FromMinutes(10);
        await using var world = await StartAsync(new JobDefinition("slow", async job =>
        {
            _entered.Set();
            try
            {
                await Task.Delay(Timeout.Infinite, job.Context.CancellationToken);
            }
            finally
            {
                reason = job.Context.CancellationReason;
            }
        })
        {
            SoftTimeLimit = soft ? limit : null,
            TimeLimit = soft ? null : limit,
            MaxAttempts = 1,
        });
        var task = world.Spawner.Spawn(Job.Create("slow"));
        await _entered.WaitAsync();

        Assert.Equal(limit, await world.AdvanceToNextTimerAsync());

        var late = await Assert.ThrowsAsync<TimeoutException>(() => task.Completion);
        Assert.Contains("'slow' ran over its time limit", late.Message, StringComparison.Ordinal);
        Assert.Equal((JobCancellationReason.TimeLimit, SpawnedTaskState.Failed), (reason, task.State));
    }

    [Fact]
    public async Task Spawn_JobWithATimeLimitOfMonths_Runs()
    {
        await using var world = await StartAsync(Add() with { TimeLimit = TimeSpan.FromDays(60) });

        Assert.Equal(3, await world.Spawner.Spawn(Job.Create<int>("add", 1, 2)));
    }

    [Fact]
    public async Task Cancel_RunningJob_CancelsItsTokenAsTheCaller()
    {
        var reason = JobCancellationReason.None;
        await using var world = await StartAsync(new JobDefinition("waits", async job =>
        {
            _entered.Set();
            try
            {
                await Task.Delay(Timeout.Infinite, job.Context.CancellationToken);
            }
            finally
            {
                reason = job.Context.CancellationReason;
            }
        }));
        var task = world.Spawner.Spawn(Job.Create("waits"));
        await _entered.WaitAsync();

        task.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.Completion);
        Assert.Equal((JobCancellationReason.Caller, SpawnedTaskState.Cancelled), (reason, task.State));
    }

    private static JobDefinition Add() => new("add", static job =>
    {
        var reader = job.ReadArguments();
        job.SetResult(reader.Read<int>("x") + reader.Read<int>("y"));
        reader.End();
        return default;
    });

    private Task<SpawnWorld> StartAsync(params JobDefinition[] jobs) => StartAsync(static _ => { }, jobs);

    private Task<SpawnWorld> StartAsync(Action<LovageBuilder> set, params JobDefinition[] jobs) =>
        SpawnWorld.StartAsync(lovage =>
        {
            lovage.Services.AddSingleton(_trail).AddScoped<Scoped>().AddTransient<Own>();
            foreach (var job in jobs)
            {
                lovage.AddJob(job);
            }

            set(lovage);
        });

    public sealed record Unwritable(JobId Id)
    {
        public Type Type => typeof(int);
    }

    public sealed class Scoped(ConcurrentQueue<string> trail) : IDisposable
    {
        public void Dispose() => trail.Enqueue("scope closed");
    }

    public sealed class Captured(object value) : JobArguments
    {
        public override void WritePositional(Utf8JsonWriter writer, JobSerializer serializer) =>
            throw new InvalidOperationException($"{value} is written.");
    }

    private sealed class NoTransaction : System.Data.Common.DbTransaction
    {
        public override System.Data.IsolationLevel IsolationLevel => System.Data.IsolationLevel.ReadCommitted;

        protected override System.Data.Common.DbConnection? DbConnection => null;

        public override void Commit()
        {
        }

        public override void Rollback()
        {
        }
    }
}
