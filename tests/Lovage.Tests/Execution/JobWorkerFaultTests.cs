using Lovage.Execution;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Execution;

public sealed class JobWorkerFaultTests
{
    private static readonly WorkerSettings Settings = new() { Concurrency = 1 };

    [Fact]
    public void Outcome_LeaseHasPassedToAnother_IsRefusedAndReported()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var world = new WorkerWorld(Settings, new JobDefinition("n", async _ => await gate.Task));
        world.Start();
        var id = world.Enqueue("n");
        IReadOnlyList<Delivery> taken = [];
        world.Do(async () =>
        {
            await world.Storage.Broker.ReclaimAsync([WorkerWorld.Owner.Key], 10, CancellationToken.None);
            await using var receiver = world.Storage.Broker.OpenReceiver(
                new WorkerOwner("boot", "0", 2, 2, "another"), ["default"], TimeSpan.FromMinutes(5));
            taken = (await receiver.ReceiveOrphanAsync(TimeSpan.Zero, CancellationToken.None)).Deliveries;
        });
        Assert.Equal(id, Assert.Single(taken).Message.Id);

        gate.SetResult();
        world.Rest();
        Assert.False(world.Find(id).State.IsFinal);
        Assert.DoesNotContain(world.Attempts(id), attempt => attempt.End == AttemptEnd.Succeeded);
        Assert.Contains(
            world.Logs, line => line.Event == 2005 && line.Text.Contains(id.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Lease_LostWhileRunning_CancelsTheHandlerWithItsReason()
    {
        JobCancellationReason? reason = null;
        using var world = new WorkerWorld(Settings, new JobDefinition("n", async job =>
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, job.Context.CancellationToken);
            }
            finally
            {
                reason ??= job.Context.CancellationReason;
            }
        }));
        world.Start();
        world.Enqueue("n");
        world.Do(
            async () => await world.Storage.Broker.ReclaimAsync([WorkerWorld.Owner.Key], 10, CancellationToken.None));
        world.Until(() => reason is not null);
        Assert.Equal(JobCancellationReason.LeaseLost, reason);
        Assert.InRange(world.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Sweep_OwnerFoundDead_RunsItsJobOnceItsStartIsWritten()
    {
        var gone = new WorkerOwner("boot", "0", 2, 2, "gone");
        (JobState State, int Attempts)? whileItRan = null;
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, new JobDefinition("n", job =>
        {
            var record = world.Find(job.Context.Id);
            whileItRan = (record.State, record.Attempts);
            return default;
        }));
        var id = world.Enqueue("n");
        world.Do(async () =>
        {
            await using var receiver = world.Storage.Broker.OpenReceiver(gone, ["default"], TimeSpan.FromHours(1));
            Assert.Single((await receiver.ReceiveAsync(1, TimeSpan.Zero, CancellationToken.None)).Deliveries);
        });
        world.Start();
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(whileItRan);

        world.Dead.Add(gone);
        world.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal((JobState.Running, 1), whileItRan);
        Assert.Equal((JobState.Succeeded, 1), (world.Find(id).State, world.Find(id).Attempts));
        Assert.Contains(world.Logs, line => line.Event == 2010);
    }

    [Fact]
    public void Start_AfterACrash_HasOneNumberEverywhereAndUsesUpNoAttempt()
    {
        var attempts = new List<string>();
        using var world = new WorkerWorld(
            Settings with { MaxAttempts = 2 },
            new JobDefinition("n", job =>
            {
                attempts.Add($"{job.Context.Attempt} of {job.Context.MaxAttempts}");
                throw new InvalidOperationException();
            }));
        var id = world.Enqueue("n");
        var gone = new WorkerOwner("boot", "0", 2, 2, "gone");
        world.Do(async () =>
        {
            await using var receiver = world.Storage.Broker.OpenReceiver(gone, ["default"], TimeSpan.FromHours(1));
            var received = await receiver.ReceiveAsync(1, TimeSpan.Zero, CancellationToken.None);
            await world.Storage.Store.RecordStartsAsync(
                [new JobStart(received.Deliveries[0].Token, id, world.Time.GetUtcNow(), Ahead: false)],
                CancellationToken.None);
            await world.Storage.Broker.ReclaimAsync([gone.Key], 10, CancellationToken.None);
        });
        world.Start();

        var record = world.UntilEnded(id);

        Assert.Equal((JobState.Failed, 3, 1), (record.State, record.Attempts, record.Message.Retries));
        Assert.Equal([1, 2, 3], world.Attempts(id).Select(static attempt => attempt.Number));
        Assert.Equal(["1 of 2", "2 of 2"], attempts);
        Assert.Contains("(start 2, attempt 1 of 2)", Line(2002), StringComparison.Ordinal);
        Assert.Contains("(start 3, attempt 2 of 2)", Line(2003), StringComparison.Ordinal);

        string Line(int number) => Assert.Single(world.Logs, line => line.Event == number).Text;
    }

    [Fact]
    public void Attempt_OfAJobThatFailedMoreOftenThanTheLimit_IsTheLast()
    {
        var seen = "";
        using var world = new WorkerWorld(
            Settings with { MaxAttempts = 2 },
            new JobDefinition("n", job =>
            {
                seen = $"{job.Context.Attempt} of {job.Context.MaxAttempts}";
                throw new InvalidOperationException();
            }));
        world.Start();

        var record = world.UntilEnded(world.Enqueue("n", change: static message => message with { Retries = 3 }));

        Assert.Equal((JobState.Failed, "4 of 4"), (record.State, seen));
        Assert.Contains(
            world.Logs, static line => line.Text.Contains("(start 1, attempt 4 of 4)", StringComparison.Ordinal));
    }

    [Fact]
    public void Sweep_JobThatKilledItsProcesses_IsSetAsideWithItsNameAndWhatToDo()
    {
        using var world = new WorkerWorld(Settings, Quick("killer"));
        var id = world.Enqueue("killer");
        for (var death = 1; death <= 3; death++)
        {
            var gone = new WorkerOwner("boot", "0", 2, 2, $"gone-{death}");
            world.Dead.Add(gone);
            world.Do(async () =>
            {
                await using var receiver = world.Storage.Broker.OpenReceiver(gone, ["default"], TimeSpan.FromHours(1));
                var received = death == 1
                    ? await receiver.ReceiveAsync(1, TimeSpan.Zero, CancellationToken.None)
                    : await receiver.ReceiveOrphanAsync(TimeSpan.Zero, CancellationToken.None);
                var token = Assert.Single(received.Deliveries).Token;
                await world.Storage.Store.RecordStartsAsync(
                    [new JobStart(token, id, world.Time.GetUtcNow(), Ahead: death > 1)], CancellationToken.None);
                if (death < 3)
                {
                    await world.Storage.Broker.ReclaimAsync([gone.Key], 10, CancellationToken.None);
                }
            });
        }

        world.Start();
        world.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(JobState.Dead, world.Find(id).State);
        var line = Assert.Single(world.Shown, static line => line.Event == 2023);
        Assert.Equal(LogLevel.Error, line.Level);
        Assert.Contains($"Job killer[{id}] is set aside as a dead letter", line.Text, StringComparison.Ordinal);
        Assert.Contains("JobInspector.RequeueAsync", line.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Shown, static line => line.Event == 2010);
    }

    [Fact]
    public void Settle_AnyOtherFault_DoesNotEndTheLoop()
    {
        var failures = 3;
        using var world = new WorkerWorld(
            Settings,
            [Quick("n")],
            null,
            wrap: (memory, _) => new FailingStorage(
                memory, TimeProvider.System, _ => failures-- > 0 ? new InvalidTimeZoneException("a bug") : null));
        world.Start();
        var id = world.Enqueue("n");
        Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State);
        Assert.Equal(3, world.Logs.Count(line => line.Event == 2007));
    }

    [Fact]
    public void Settle_FailsForAWhile_KeepsTheOutcomeAndWritesItLater()
    {
        var (failures, runs) = (5, 0);
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(
            Settings,
            [new JobDefinition("n", job =>
            {
                runs++;
                job.SetResult(7);
                return default;
            })],
            null,
            wrap: (memory, _) => new FailingStorage(
                memory,
                TimeProvider.System,
                _ => failures-- > 0 ? new StorageException("busy", isTransient: true) : null));
        world.Start();
        var id = world.Enqueue("n");
        Assert.Equal((false, 1), (world.Find(id).State.IsFinal, world.Worker.Status.Unwritten));

        var record = world.UntilEnded(id);
        Assert.Equal(
            (JobState.Succeeded, 1, 1, 0), (record.State, record.Attempts, runs, world.Worker.Status.Unwritten));
        Assert.True(record.Result.Span.SequenceEqual("7"u8));
        Assert.Equal(5, world.Logs.Count(line => line.Event == 2007));
        Assert.InRange(world.Elapsed, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Settle_OneOutcomeIsNeverTaken_WritesTheOthersAndSaysSo()
    {
        var open = false;
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(
            Settings with { Concurrency = 4 },
            [Quick("good"), Quick("bad")],
            null,
            wrap: (memory, _) => new FailingStorage(memory, TimeProvider.System, outcomes =>
                !open ? new StorageException("busy", isTransient: true)
                : outcomes.Any(outcome => outcome.Id.Value.StartsWith("bad", StringComparison.Ordinal))
                    ? new StorageException("poison", isTransient: false)
                : null));
        JobId[] good = [world.Enqueue("good"), world.Enqueue("good")];
        var bad = world.Enqueue("bad");
        world.Start();
        open = true;
        Assert.All(good, id => Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State));
        Assert.Contains(
            world.Logs, line => line.Event == 2008 && line.Text.Contains(bad.Value, StringComparison.Ordinal));
        Assert.False(world.Find(bad).State.IsFinal);
    }

    [Fact]
    public void Stop_OutcomesCannotBeWritten_LeavesAfterItsTimeAndSaysSo()
    {
        using var world = new WorkerWorld(
            Settings,
            [Quick("n")],
            null,
            wrap: (memory, _) => new FailingStorage(
                memory, TimeProvider.System, _ => new StorageException("gone", isTransient: true)));
        world.Start();
        var id = world.Enqueue("n");
        world.Do(() => world.Worker.StopAsync(CancellationToken.None));
        Assert.InRange(world.Elapsed, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6));
        Assert.False(world.Find(id).State.IsFinal);
        Assert.Contains(
            world.Logs, line => line.Event == 2009 && line.Text.Contains("settle", StringComparison.Ordinal));
    }

    private static JobDefinition Quick(string name) => new(name, static _ => default);
}
