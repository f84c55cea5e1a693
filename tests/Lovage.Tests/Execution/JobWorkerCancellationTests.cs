using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

public sealed class JobWorkerCancellationTests
{
    private static readonly WorkerSettings Settings = new() { Concurrency = 1, MaxAttempts = 1 };

    [Fact]
    public void Cancel_WhileQueued_NeverRuns()
    {
        var ran = false;
        using var world = new WorkerWorld(Settings, new JobDefinition("n", _ => Note(() => ran = true)));
        var id = world.Enqueue("n");
        Assert.Equal(CancelStatus.Cancelled, world.Cancel(id));
        world.Start();
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((JobState.Cancelled, false), (world.Find(id).State, ran));
    }

    [Fact]
    public void Cancel_WhilePrefetched_EndsCancelledWithoutRunning()
    {
        var ran = false;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var world = new WorkerWorld(
            Settings,
            new JobDefinition("long", async _ => await gate.Task),
            new JobDefinition("n", _ => Note(() => ran = true)));
        var running = world.Enqueue("long");
        var id = world.Enqueue("n");
        world.Start();
        Assert.Equal((1, 1), (world.Worker.Status.Running, world.Worker.Status.Buffered));

        Assert.Equal(CancelStatus.Requested, world.Cancel(id));
        gate.SetResult();
        Assert.Equal(JobState.Cancelled, world.UntilEnded(id).State);
        Assert.Equal(JobState.Succeeded, world.UntilEnded(running).State);
        Assert.False(ran);
    }

    [Fact]
    public void Cancel_WhileRunning_TellsTheHandlerAtOnceAndWhy()
    {
        JobCancellationReason? reason = null;
        using var world = new WorkerWorld(Settings, new JobDefinition("long", async job =>
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, job.Context.CancellationToken);
            }
            finally
            {
                reason = job.Context.CancellationReason;
            }
        }));
        world.Start();
        var id = world.Enqueue("long");
        Assert.Equal(CancelStatus.Requested, world.Cancel(id));
        Assert.Equal((JobState.Cancelled, JobCancellationReason.Revoked), (world.Find(id).State, reason));
        Assert.Equal(TimeSpan.Zero, world.Elapsed);
        Assert.Equal(AttemptEnd.Cancelled, Assert.Single(world.Attempts(id)).End);
    }

    [Fact]
    public void Cancel_HandlerEndsWellAllTheSame_SucceedsWithItsResult()
    {
        using var world = new WorkerWorld(Settings, new JobDefinition("stubborn", async job =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, job.Context.CancellationToken).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            job.SetResult(job.Context.CancellationReason == JobCancellationReason.Revoked);
        }));
        world.Start();
        var id = world.Enqueue("stubborn");
        world.Cancel(id);
        var record = world.UntilEnded(id);
        Assert.Equal((JobState.Succeeded, true), (record.State, record.Result.Span.SequenceEqual("true"u8)));
    }

    [Fact]
    public void SoftTimeLimit_Reached_CancelsWithItsReasonAndCountsAsTimedOut()
    {
        JobCancellationReason? reason = null;
        var job = new JobDefinition("long", async job =>
        {
            var over = new TaskCompletionSource();
            await using var told = job.Context.CancellationToken.Register(over.SetResult);
            await over.Task;
            reason = job.Context.CancellationReason;
            job.Context.CancellationToken.ThrowIfCancellationRequested();
        });
        using var world = new WorkerWorld(
            Settings with { MaxAttempts = 2, Retry = new RetryPolicy { Delays = [TimeSpan.FromSeconds(1)] } },
            job with { SoftTimeLimit = TimeSpan.FromSeconds(5) });
        world.Start();
        var id = world.Enqueue("long");
        var record = world.UntilEnded(id);

        Assert.Equal((JobState.Failed, 2, JobCancellationReason.TimeLimit), (record.State, record.Attempts, reason));
        Assert.Contains("over its time limit", record.Reason, StringComparison.Ordinal);
        Assert.All(world.Attempts(id), attempt =>
        {
            Assert.Equal(AttemptEnd.TimedOut, attempt.End);
            Assert.InRange(attempt.Duration, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5.2));
        });
    }

    [Theory]
    [InlineData(2, 5, 7, 2)]
    [InlineData(null, 5, 7, 5)]
    [InlineData(null, null, 7, 7)]
    public void SoftTimeLimit_SaidInSeveralPlaces_IsTheMessagesThenTheJobsThenTheWorkers(
        int? message, int? job, int? worker, int expected)
    {
        static TimeSpan? Seconds(int? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;

        var definition = new JobDefinition("long", static async job =>
            await Task.Delay(Timeout.InfiniteTimeSpan, job.Context.CancellationToken)) with
        {
            SoftTimeLimit = Seconds(job),
        };
        using var world = new WorkerWorld(Settings with { SoftTimeLimit = Seconds(worker) }, definition);
        world.Start();
        var id = world.Enqueue("long", change: m => m with { SoftTimeLimit = Seconds(message) });
        world.UntilEnded(id);
        Assert.InRange(world.Attempts(id)[0].Duration.TotalSeconds, expected, expected + 0.2);
    }

    [Fact]
    public void TimeLimit_HandlerThatNeverReturns_LosesItsSlotToTheNextJob()
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (running, most) = (0, 0);
        WorkerWorld world = null!;
        var stuckJob = new JobDefinition("stuck", async job =>
        {
            await never.Task;
            job.SetResult(1);
        });
        var nextJob = new JobDefinition("n", async _ =>
        {
            most = Math.Max(most, ++running);
            await Task.Delay(TimeSpan.FromSeconds(1), world.Time);
            running--;
        });
        using var own = world = new WorkerWorld(
            Settings, stuckJob with { TimeLimit = TimeSpan.FromSeconds(2) }, nextJob);
        world.Start();
        var stuck = world.Enqueue("stuck");
        JobId[] next = [world.Enqueue("n"), world.Enqueue("n"), world.Enqueue("n")];

        var record = world.UntilEnded(stuck);
        Assert.Equal((JobState.Failed, 1), (record.State, record.Attempts));
        var attempt = Assert.Single(world.Attempts(stuck));
        Assert.Equal((AttemptEnd.TimedOut, "System.TimeoutException"), (attempt.End, attempt.Error!.Type));
        Assert.InRange(attempt.Duration, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2.2));
        Assert.Equal(JobState.Succeeded, world.UntilEnded(next[0]).State);

        // It comes back at last: nothing of it counts, and its old slot does not run beside the new one.
        never.SetResult();
        Assert.All(next, id => Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State));
        Assert.Equal((JobState.Failed, 0), (world.Find(stuck).State, world.Find(stuck).Result.Length));
        Assert.Equal((1, 0), (most, world.Worker.Status.Running));
        Assert.Contains(world.Logs, line => line.Event == 2011);
    }

    private static ValueTask Note(Action action)
    {
        action();
        return default;
    }
}
