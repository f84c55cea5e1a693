using Lovage.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Execution;

public sealed class JobWorkerFilterTests
{
    private static readonly WorkerSettings Settings = new()
    {
        Concurrency = 1,
        MaxAttempts = 2,
        Retry = new RetryPolicy { Delays = [TimeSpan.FromSeconds(1)] },
    };

    [Fact]
    public void Filters_GlobalOnes_GoAroundTheJobsOwn()
    {
        var trail = new List<string>();
        using var world = new WorkerWorld(
            Settings,
            [
                Define("n", _ => trail.Add("run")) with { Filters = [typeof(Own)] },
                Define("plain", _ => trail.Add("run")),
            ],
            services => services.AddSingleton(trail).AddTransient<Outer>().AddTransient<Inner>().AddTransient<Own>(),
            [typeof(Outer), typeof(Inner)]);
        world.Start();
        world.UntilEnded(world.Enqueue("n"));
        world.UntilEnded(world.Enqueue("plain"));

        Assert.Equal(
            ["Outer", "Inner", "Own", "run", "/Own", "/Inner", "/Outer", "Outer", "Inner", "run", "/Inner", "/Outer"],
            trail);
    }

    [Fact]
    public void Filter_Throws_FailsTheAttemptWithoutRunningIt()
    {
        var ran = false;
        using var world = new WorkerWorld(
            Settings,
            [Define("n", _ => ran = true)],
            services => services.AddTransient<Refusing>(),
            [typeof(Refusing)]);
        world.Start();
        var record = world.UntilEnded(world.Enqueue("n"));
        Assert.Equal((JobState.Dead, "refused by a filter", false), (record.State, record.Reason, ran));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 1)]
    public void Filter_CallsNextNotOnce_FailsTheAttempt(int calls, int expectedRuns)
    {
        var runs = 0;
        using var world = new WorkerWorld(
            Settings with { MaxAttempts = 1 },
            [Define("n", _ => runs++)],
            services => services.AddSingleton(new Calls(calls)).AddTransient<Repeating>(),
            [typeof(Repeating)]);
        world.Start();
        var record = world.UntilEnded(world.Enqueue("n"));
        Assert.Equal((JobState.Failed, expectedRuns), (record.State, runs));
        Assert.Contains("next", record.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Services_OfAnAttempt_AreItsOwnAndAreDisposedWithIt()
    {
        var units = new List<Unit>();
        using var world = new WorkerWorld(
            Settings,
            [Define("n", job =>
            {
                units.Add(job.GetHandler<Unit>());
                Assert.Same(units[^1], job.GetHandler<Unit>());
                Assert.DoesNotContain(units.SkipLast(1), unit => !unit.IsDisposed);
                if (job.Context.Attempt == 1)
                {
                    throw new InvalidOperationException("first");
                }
            })],
            services => services.AddScoped<Unit>());
        world.Start();
        Assert.Equal(JobState.Succeeded, world.UntilEnded(world.Enqueue("n")).State);

        Assert.Equal(2, units.Distinct().Count());
        Assert.All(units, unit => Assert.True(unit.IsDisposed));
    }

    [Fact]
    public void Services_ThatFailToDispose_FailTheAttempt()
    {
        using var world = new WorkerWorld(Settings, [Define("n", job =>
        {
            job.GetHandler<Failing>();
            job.SetResult(1);
        })], services => services.AddScoped<Failing>());
        world.Start();
        var id = world.Enqueue("n");
        var record = world.UntilEnded(id);

        Assert.Equal(
            (JobState.Failed, 2, "commit failed", 0),
            (record.State, record.Attempts, record.Error!.Message, record.Result.Length));
        Assert.All(world.Attempts(id), attempt => Assert.Equal(AttemptEnd.Failed, attempt.End));
    }

    [Fact]
    public void Services_ThatFailToDisposeAfterAFailure_DoNotHideIt()
    {
        using var world = new WorkerWorld(Settings, [Define("n", job =>
        {
            job.GetHandler<Failing>();
            throw Reject.Because("the handler's own");
        })], services => services.AddScoped<Failing>());
        world.Start();
        var record = world.UntilEnded(world.Enqueue("n"));
        Assert.Equal((JobState.Dead, "the handler's own"), (record.State, record.Reason));
    }

    private static JobDefinition Define(string name, Action<JobInvocation> run) => new(name, job =>
    {
        run(job);
        return default;
    });

    private abstract class Step(List<string> trail) : IJobFilter
    {
        public async ValueTask OnRunAsync(JobRunContext context, Func<ValueTask> next)
        {
            trail.Add(GetType().Name);
            await next();
            trail.Add("/" + GetType().Name);
        }
    }

    private sealed class Outer(List<string> trail) : Step(trail);

    private sealed class Inner(List<string> trail) : Step(trail);

    private sealed class Own(List<string> trail) : Step(trail);

    private sealed class Refusing : IJobFilter
    {
        public ValueTask OnRunAsync(JobRunContext context, Func<ValueTask> next) =>
            throw Reject.Because("refused by a filter");
    }

    private sealed record Calls(int Number);

    private sealed class Repeating(Calls calls) : IJobFilter
    {
        public async ValueTask OnRunAsync(JobRunContext context, Func<ValueTask> next)
        {
            for (var i = 0; i < calls.Number; i++)
            {
                await next();
            }
        }
    }

    private sealed class Unit : IAsyncDisposable
    {
        internal bool IsDisposed { get; private set; }

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return default;
        }
    }

    private sealed class Failing : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => throw new InvalidOperationException("commit failed");
    }
}
