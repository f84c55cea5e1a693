using System.Text;
using Lovage.Execution;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Execution;

public sealed class JobWorkerOutcomeTests
{
    private static readonly WorkerSettings Settings = new()
    {
        Concurrency = 2,
        Retry = new RetryPolicy { Backoff = Backoff.Fixed, Delay = TimeSpan.FromSeconds(10) },
    };

    [Fact]
    public void Success_ResultAndHistory_AreKept()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, new JobDefinition("add", async job =>
        {
            await Task.Delay(TimeSpan.FromSeconds(3), world.Time);
            job.SetResult(7);
        }));
        world.Start();
        var id = world.Enqueue("add");
        var record = world.UntilEnded(id);

        Assert.Equal(
            (JobState.Succeeded, "7", 1, null),
            (record.State, Encoding.UTF8.GetString(record.Result.Span), record.Attempts, record.Reason));
        Assert.Equal(WorkerWorld.Owner.Key, record.Worker);
        var attempt = Assert.Single(world.Attempts(id));
        Assert.Equal(
            (1, AttemptEnd.Succeeded, TimeSpan.FromSeconds(3), WorkerWorld.Owner.Key, null),
            (attempt.Number, attempt.End, attempt.Duration, attempt.Worker, attempt.Error));
    }

    [Fact]
    public void Success_ResultTooLarge_IsLeftOutWithAReason()
    {
        using var world = new WorkerWorld(
            Settings with { ResultBytesMax = 10 },
            Define("fits", job => job.SetResult("12345678")),
            Define("large", job => job.SetResult("123456789")));
        world.Start();
        var (fits, large) = (world.UntilEnded(world.Enqueue("fits")), world.UntilEnded(world.Enqueue("large")));

        Assert.Equal((JobState.Succeeded, 10, null), (fits.State, fits.Result.Length, fits.Reason));
        Assert.Equal((JobState.Succeeded, 0), (large.State, large.Result.Length));
        Assert.StartsWith("The result was left out: it has 11 bytes", large.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Success_NobodyWantsTheResult_KeepsNone()
    {
        using var world = new WorkerWorld(
            Settings,
            Define("add", job => job.SetResult(7)),
            Define("quiet", job => job.SetResult(7)) with { KeepResult = false });
        world.Start();
        var (quiet, ignored) = (world.UntilEnded(world.Enqueue("quiet")), world.UntilEnded(
            world.Enqueue("add", change: message => message with { IgnoreResult = true })));

        Assert.Equal((JobState.Succeeded, 0, null), (quiet.State, quiet.Result.Length, quiet.Reason));
        Assert.Equal((JobState.Succeeded, 0, null), (ignored.State, ignored.Result.Length, ignored.Reason));
    }

    [Fact]
    public void Failure_Policy_SpacesTheAttemptsAndEndsAfterTheLast()
    {
        using var world = new WorkerWorld(
            Settings,
            Define(
                "fail",
                static job =>
                    throw new InvalidOperationException($"try {job.Context.Attempt} of {job.Context.MaxAttempts}")));
        world.Start();
        var id = world.Enqueue("fail");
        var record = world.UntilEnded(id);
        var attempts = world.Attempts(id);

        Assert.Equal(
            (JobState.Failed, 3, 2, "try 3 of 3"),
            (record.State, record.Attempts, record.Message.Retries, record.Error!.Message));
        Assert.Equal([1, 2, 3], attempts.Select(attempt => attempt.Number));
        Assert.Equal(["try 1 of 3", "try 2 of 3", "try 3 of 3"], attempts.Select(attempt => attempt.Error!.Message));
        Assert.Equal([10, 10], attempts.Zip(attempts.Skip(1), (a, b) => (b.StartedAt - a.StartedAt).TotalSeconds));
        Assert.Contains("attempts are used up", record.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 5, 7, 1)]
    [InlineData(null, 5, 7, 5)]
    [InlineData(null, null, 7, 7)]
    [InlineData(null, null, null, 3)]
    public void Failure_NumberOfAttempts_IsTheMessagesThenTheJobsThenThePolicysThenTheWorkers(
        int? message, int? job, int? policy, int expected)
    {
        using var world = new WorkerWorld(
            Settings,
            Define("fail", static _ => throw new InvalidOperationException()) with
            {
                MaxAttempts = job,
                Retry = Settings.Retry with { MaxAttempts = policy },
            });
        world.Start();
        Assert.Equal(
            expected, world.UntilEnded(world.Enqueue("fail", change: m => m with { MaxAttempts = message })).Attempts);
    }

    [Fact]
    public void Failure_ErrorThatIsNeverRetried_EndsAtOnce()
    {
        using var world = new WorkerWorld(
            Settings,
            Define("fail", static _ => throw new FormatException()) with
            {
                Retry = new RetryPolicy { NeverRetryOn = [typeof(FormatException)] },
            });
        world.Start();
        var record = world.UntilEnded(world.Enqueue("fail"));
        Assert.Equal((JobState.Failed, 1), (record.State, record.Attempts));
    }

    [Fact]
    public void RetryAfter_Delay_IsTheWaitInsteadOfThePolicys()
    {
        using var world = new WorkerWorld(Settings, Define("again", static job =>
        {
            if (job.Context.Attempt == 1)
            {
                throw Retry.After(TimeSpan.FromSeconds(42), "not yet");
            }
        }));
        world.Start();
        var id = world.Enqueue("again");
        world.Until(() => world.Find(id).State == JobState.Retrying);
        Assert.Equal("not yet", world.Find(id).Error!.Message);
        Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State);
        Assert.Equal([AttemptEnd.RetryAsked, AttemptEnd.Succeeded], world.Attempts(id).Select(attempt => attempt.End));
        Assert.Equal(TimeSpan.FromSeconds(42), world.Attempts(id)[1].StartedAt - world.Attempts(id)[0].StartedAt);
    }

    [Fact]
    public void RetryAfter_NoAttemptLeft_Fails()
    {
        using var world = new WorkerWorld(Settings, Define("again", static _ => throw Retry.After(TimeSpan.Zero)));
        world.Start();
        var record = world.UntilEnded(world.Enqueue("again"));
        Assert.Equal((JobState.Failed, 3), (record.State, record.Attempts));
    }

    [Fact]
    public void Reject_Reason_IsSetAsideWithIt()
    {
        using var world = new WorkerWorld(
            Settings, Define("reject", static _ => throw Reject.Because("no such customer")));
        world.Start();
        var record = world.UntilEnded(world.Enqueue("reject"));
        Assert.Equal((JobState.Dead, 1, "no such customer"), (record.State, record.Attempts, record.Reason));
    }

    [Fact]
    public void Reject_ReasonOf50Megabytes_IsCut()
    {
        using var world = new WorkerWorld(
            Settings, Define("reject", static _ => throw Reject.Because(new string('r', 50 * 1024 * 1024))));
        world.Start();
        var record = world.UntilEnded(world.Enqueue("reject"));
        Assert.Equal((16 * 1024, 16 * 1024), (record.Reason!.Length, record.Error!.Message.Length));
    }

    [Fact]
    public void Context_OfAnAttempt_TellsWhatItRuns()
    {
        var seen = new List<(JobId, string, string, int, int, string)>();
        var fences = new List<long>();
        using var world = new WorkerWorld(Settings, Define("n", job =>
        {
            seen.Add((
                job.Context.Id,
                job.Context.Name,
                job.Context.Queue,
                job.Context.Attempt,
                job.Context.MaxAttempts,
                job.Context.Headers["tenant"]));
            fences.Add(job.Context.FenceToken);
            Assert.Equal(["order:42"], job.Context.Tags);
            Assert.Equal(
                (JobCancellationReason.None, false),
                (job.Context.CancellationReason, job.Context.CancellationToken.IsCancellationRequested));
            throw new InvalidOperationException();
        }));
        world.Start();
        var id = world.Enqueue(
            "n",
            change: static message => message with
            {
                MaxAttempts = 2,
                Headers = message.Headers.Add("tenant", "acme"),
                Tags = ["order:42"],
            });
        world.UntilEnded(id);
        Assert.Equal([(id, "n", "default", 1, 2, "acme"), (id, "n", "default", 2, 2, "acme")], seen);
        Assert.True(fences[1] > fences[0], "a later attempt has the greater fence token");
    }

    [Fact]
    public void BadArguments_OfThisJob_FailOnceAndNameTheParameter()
    {
        using var world = new WorkerWorld(
            Settings, Define("add", static job => job.ReadArguments().Read<int>("amount")));
        world.Start();
        var id = world.Enqueue("add", "\"many\"");
        var record = world.UntilEnded(id);
        Assert.Equal(
            (JobState.Failed, 1, AttemptEnd.BadArguments),
            (record.State, record.Attempts, Assert.Single(world.Attempts(id)).End));
        Assert.Contains("'amount'", record.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void BadArguments_OfAnotherJobThatTheHandlerCalls_AreAnOrdinaryFailure()
    {
        using var world = new WorkerWorld(
            Settings, Define("caller", static _ => throw new BadArgumentsException("callee", "x", "bad")));
        world.Start();
        Assert.Equal(3, world.UntilEnded(world.Enqueue("caller")).Attempts);
    }

    [Fact]
    public void Expired_BeforeItsTurn_IsNotRun()
    {
        var ran = false;
        using var world = new WorkerWorld(Settings, Define("late", _ => ran = true));
        world.Start();
        var record = world.UntilEnded(world.Enqueue("late", change: message =>
            message with { Delay = TimeSpan.FromSeconds(10), Expires = world.Time.GetUtcNow().AddSeconds(5) }));
        Assert.Equal((JobState.Expired, false), (record.State, ran));
        Assert.Contains("expiry", record.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Logs_OfAttempt_AreKeptWithItAndBounded()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings with { LogLinesMax = 3 }, Define("talk", job =>
        {
            var lines = job.Context.Attempt == 1 ? 5 : 1;
            for (var i = 1; i <= lines; i++)
            {
                Talk(world, $"line {i}");
            }

            if (job.Context.Attempt == 1)
            {
                throw new InvalidOperationException();
            }
        }));
        world.Start();
        var id = world.Enqueue("talk");
        Talk(world, "of no attempt");
        world.UntilEnded(id);

        Assert.Equal(
            ["(2 older lines were not kept)", "line 3", "line 4", "line 5"],
            world.Attempts(id)[0].Logs.Select(line => line.Message));
        Assert.Equal(["line 1"], world.Attempts(id)[1].Logs.Select(line => line.Message));
        Assert.Equal("Shop", world.Attempts(id)[1].Logs[0].Category);
    }

    [Fact]
    public void Logs_SwitchedOff_AreNotKept()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(
            Settings with { LogLinesMax = 0 }, Define("talk", _ => Talk(world, "line")));
        world.Start();
        var id = world.Enqueue("talk");
        world.UntilEnded(id);
        Assert.Empty(Assert.Single(world.Attempts(id)).Logs);
    }

    [Fact]
    public void Progress_Reported_IsSeenWhileItRunsAndItsLastValueStays()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, new JobDefinition("long", async job =>
        {
            job.Context.Progress.Report(0.25, "quarter");
            await Task.Delay(TimeSpan.FromSeconds(5), world.Time);
            job.Context.Progress.Report(2, new string('x', 500));
        }));
        world.Start();
        var id = world.Enqueue("long");
        world.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(
            (JobState.Running, 0.25, "quarter"),
            (world.Find(id).State, world.Find(id).Progress, world.Find(id).ProgressMessage));
        var record = world.UntilEnded(id);
        Assert.Equal((1.0, 200), (record.Progress, record.ProgressMessage!.Length));
    }

    [Fact]
    public void Paused_Queue_IsLeftAloneUntilItIsResumed()
    {
        using var world = new WorkerWorld(Settings, Define("n", static _ => { }));
        world.Do(async () => await world.Storage.Broker.PauseAsync("default", "upkeep", CancellationToken.None));
        world.Start();
        var id = world.Enqueue("n");
        world.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(JobState.Queued, world.Find(id).State);

        var resumed = world.Elapsed;
        world.Do(async () => await world.Storage.Broker.ResumeAsync("default", CancellationToken.None));
        world.UntilEnded(id);
        Assert.Equal(resumed, world.Elapsed);
    }

    private static void Talk(WorkerWorld world, string text)
    {
        var logger = world.Loggers.CreateLogger("Shop");
        if (logger.IsEnabled(LogLevel.Information))
        {
            logger.LogInformation("{Text}", text);
        }
    }

    private static JobDefinition Define(string name, Action<JobInvocation> run) => new(name, job =>
    {
        run(job);
        return default;
    });
}
