using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

public sealed class JobWorkerStopTests
{
    private static readonly WorkerSettings Settings = new()
    {
        Concurrency = 1,
        DrainTime = TimeSpan.FromSeconds(25),
        CancelTime = TimeSpan.FromSeconds(3),
    };

    [Fact]
    public void Stop_RunningJob_IsFinishedAndPrefetchedOnesAreGivenBackAtOnce()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(
            Settings, new JobDefinition("long", async _ => await Task.Delay(TimeSpan.FromSeconds(20), world.Time)));
        var running = world.Enqueue("long");
        var prefetched = world.Enqueue("long");
        world.Start();
        Assert.Equal(1, world.Worker.Status.Buffered);

        var stop = world.Begin(() => world.Worker.StopAsync(CancellationToken.None));
        Assert.Equal(WorkerPhase.Stopping, world.Worker.Status.Phase);
        Assert.Equal([prefetched], Claim(world).Select(delivery => delivery.Message.Id));

        world.Until(() => stop.IsCompleted);
        Assert.Equal((JobState.Succeeded, 1), (world.Find(running).State, world.Find(running).Attempts));
        Assert.Equal(0, world.Find(prefetched).Attempts);
        Assert.InRange(world.Elapsed, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(21));
        Assert.Equal(
            (WorkerPhase.Stopped, 0, 0),
            (world.Worker.Status.Phase, world.Worker.Status.Running, world.Worker.Status.Unwritten));
    }

    [Fact]
    public void Stop_JobEnqueuedAfterwards_IsNotTaken()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var world = new WorkerWorld(
            Settings with { Concurrency = 4 }, new JobDefinition("long", async _ => await gate.Task));
        world.Start();
        world.Enqueue("long");
        var stop = world.Begin(() => world.Worker.StopAsync(CancellationToken.None));
        var late = world.Enqueue("long");
        world.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((JobState.Queued, 0), (world.Find(late).State, world.Find(late).Attempts));
        gate.SetResult();
        world.Until(() => stop.IsCompleted);
        Assert.Equal((JobState.Queued, 0), (world.Find(late).State, world.Find(late).Attempts));
    }

    [Fact]
    public void Stop_HandlerOverTheDrainTime_IsCancelledAndGivenBackUnpenalised()
    {
        (JobCancellationReason Reason, TimeSpan At)? told = null;
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, new JobDefinition("long", async job =>
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, job.Context.CancellationToken);
            }
            finally
            {
                told = (job.Context.CancellationReason, world.Elapsed);
            }
        }));
        world.Start();
        var id = world.Enqueue("long");
        world.Do(() => world.Worker.StopAsync(CancellationToken.None));

        Assert.Equal((JobCancellationReason.Shutdown, TimeSpan.FromSeconds(25)), told);
        Assert.Equal((JobState.Queued, 0), (world.Find(id).State, world.Find(id).Message.Retries));
        Assert.DoesNotContain(world.Attempts(id), attempt => attempt.End == AttemptEnd.Failed);
        Assert.Equal([id], Claim(world).Select(delivery => delivery.Message.Id));
    }

    [Fact]
    public void Stop_HandlerThatIgnoresCancellation_IsLeftBehindAndItsJobGivenBack()
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var world = new WorkerWorld(Settings, new JobDefinition("deaf", async _ => await never.Task));
        world.Start();
        var id = world.Enqueue("deaf");
        world.Do(() => world.Worker.StopAsync(CancellationToken.None));

        Assert.InRange(world.Elapsed, TimeSpan.FromSeconds(28), TimeSpan.FromSeconds(29));
        Assert.Contains(
            world.Logs, line => line.Event == 2013 && line.Text.Contains(id.Value, StringComparison.Ordinal));
        Assert.Equal([id], Claim(world).Select(delivery => delivery.Message.Id));

        // The one left behind ends after all: the job is another's by now.
        never.SetResult();
        world.Rest();
        Assert.NotEqual(JobState.Succeeded, world.Find(id).State);
    }

    [Fact]
    public void Stop_Forced_DoesNotWait()
    {
        using var world = new WorkerWorld(
            Settings, new JobDefinition("deaf", static async _ => await new TaskCompletionSource().Task));
        world.Start();
        var id = world.Enqueue("deaf");
        world.Do(() => world.Worker.StopAsync(new CancellationToken(canceled: true)));
        Assert.InRange(world.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal([id], Claim(world).Select(delivery => delivery.Message.Id));
    }

    [Fact]
    public void Stop_LongDrain_KeepsTheLease()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(
            Settings with { DrainTime = TimeSpan.FromMinutes(5), Lease = TimeSpan.FromSeconds(10) },
            new JobDefinition("long", async _ => await Task.Delay(TimeSpan.FromMinutes(4), world.Time)));
        world.Start();
        var id = world.Enqueue("long");
        world.Do(() => world.Worker.StopAsync(CancellationToken.None));
        Assert.Equal((JobState.Succeeded, 1), (world.Find(id).State, world.Find(id).Attempts));
    }

    [Fact]
    public void Stop_Twice_IsLegal()
    {
        using var world = new WorkerWorld(Settings);
        world.Start();
        world.Do(() => world.Worker.StopAsync(CancellationToken.None));
        world.Do(() => world.Worker.StopAsync(CancellationToken.None));
        Assert.Equal(WorkerPhase.Stopped, world.Worker.Status.Phase);
    }

    [Fact]
    public void Stop_BeforeStart_EndsItForGood()
    {
        using var world = new WorkerWorld(Settings);
        Assert.Equal(WorkerPhase.Idle, world.Worker.Status.Phase);
        world.Do(() => world.Worker.StopAsync(CancellationToken.None));
        Assert.Equal(WorkerPhase.Stopped, world.Worker.Status.Phase);
        Assert.Throws<InvalidOperationException>(world.Start);
    }

    [Fact]
    public void Start_Twice_Throws()
    {
        using var world = new WorkerWorld(Settings);
        world.Start();
        Assert.Throws<InvalidOperationException>(world.Start);
    }

    private static IReadOnlyList<Delivery> Claim(WorkerWorld world)
    {
        IReadOnlyList<Delivery> deliveries = [];
        world.Do(async () =>
        {
            await using var receiver = world.Memory.Broker.OpenReceiver(
                new WorkerOwner("boot", "0", 2, 2, "another"), ["default"], TimeSpan.FromSeconds(30));
            deliveries = (await receiver.ReceiveAsync(10, TimeSpan.Zero, CancellationToken.None)).Deliveries;
        });
        return deliveries;
    }
}
