using Lovage.Diagnostics;
using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>How a process carries out bulk operations, in virtual time.</summary>
public sealed partial class OperationRunnerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void RunAgain_WithoutSpread_ChangesAllPageByPage()
    {
        using var world = new World();
        var ids = world.Ended(450);
        var waiting = world.Waiting(3);
        world.Start();
        world.Add(Operation(BulkAction.RunAgain) with { Filter = new JobQuery() });

        var ended = world.UntilEnded();

        Assert.Equal((BulkState.Done, 450L, 3L), (ended.State, ended.Done, ended.Skipped));
        Assert.InRange(world.Of.Elapsed, TimeSpan.Zero, Second * 2);
        Assert.All(ids, id => Assert.Equal((1, JobState.Queued), (world.Storage.Changes[id], world.Of.Find(id).State)));
        Assert.All(waiting, id => Assert.False(world.Storage.Changes.ContainsKey(id)));
        Assert.Equal([6001, 6003], world.Events());
    }

    [Fact]
    public void RunAgain_Spread_NeverRunsAheadOfItsTimeAndEndsInTime()
    {
        using var world = new World();
        world.Ended(1_000);
        world.Start();
        var start = world.Of.Elapsed;
        world.Add(Operation(BulkAction.RunAgain) with { Spread = Minute * 10, Expected = new(1_000, true) });

        while (world.Stored().State == BulkState.Running)
        {
            world.Of.Advance(Second * 7);
            var elapsed = world.Of.Elapsed - start;
            Assert.InRange(world.Storage.Changes.Count, 0, (1_000 * elapsed.TotalSeconds / 600) + 0.001);
            Assert.True(
                elapsed > Minute * 10
                    || world.Storage.Changes.Count > (1_000 * (elapsed - (Second * 5)).TotalSeconds / 600) - 4,
                $"{world.Storage.Changes.Count} after {elapsed}");
        }

        Assert.Equal((BulkState.Done, 1_000L), (world.Stored().State, world.Stored().Done));
        Assert.InRange(world.Of.Elapsed - start, Minute * 10, (Minute * 10) + (Second * 20));
    }

    [Fact]
    public void RunAgain_SpreadOfFewJobs_ChangesOneAtATime()
    {
        using var world = new World();
        world.Ended(4);
        world.Start();
        world.Add(Operation(BulkAction.RunAgain) with { Spread = Minute * 4, Expected = new(4, true) });
        world.Of.Advance(Second * 55);
        for (var minute = 0; minute < 4; minute++)
        {
            Assert.Equal(minute, world.Storage.Changes.Count);
            world.Of.Advance(Second * 10);
            Assert.Equal(minute + 1, world.Storage.Changes.Count);
            world.Of.Advance(Second * 50);
        }

        Assert.Equal(BulkState.Done, world.UntilEnded().State);
    }

    [Fact]
    public void Cancel_HalfWayOfAThousand_EndsWithinASecondAndKeepsWhatIsDone()
    {
        using var world = new World();
        var ids = world.Ended(1_000);
        world.Start();
        world.Add(Operation(BulkAction.RunAgain) with { Spread = Minute * 10, Expected = new(1_000, true) });
        world.Of.Advance(Minute * 5);

        world.Do(static operations => operations.CancelAsync("op", CancellationToken.None));
        world.Of.Advance(Second * 1.1);

        var ended = world.Stored();
        Assert.Equal((BulkState.Cancelled, false), (ended.State, ended.CancelRequested));
        Assert.InRange(ended.Done, 480, 500);
        Assert.Equal(ended.Done, world.Storage.Changes.Count);
        world.Of.Advance(Minute * 10);
        Assert.Equal(ended.Done, ids.Count(id => world.Of.Find(id).State == JobState.Queued));
    }

    [Fact]
    public void Operations_AfterOneThatIsSpread_DoNotWaitForIt()
    {
        using var world = new World();
        world.Ended(100);
        var other = world.Waiting(3);
        world.Start();
        world.Add(Operation(BulkAction.RunAgain) with { Spread = Minute * 30, Expected = new(100, true) });
        world.Of.Advance(Minute);
        world.Add(Operation(BulkAction.Cancel) with
        {
            Id = "second",
            Filter = new JobQuery { States = [JobState.Queued], Name = "n" },
        });
        world.Of.Advance(Second * 3);

        Assert.Equal(BulkState.Done, world.Stored("second").State);
        Assert.All(other, id => Assert.Equal(JobState.Cancelled, world.Of.Find(id).State));
        Assert.Equal(BulkState.Running, world.Stored().State);

        // The first one ends in its time; what a second runner carries out then is gone on with.
        world.Add(Operation(BulkAction.RunAgain) with
        {
            Id = "third",
            Spread = Minute * 50,
            Expected = new(100, true),
        });
        Assert.Equal(BulkState.Done, world.UntilEnded().State);
        Assert.Equal(BulkState.Running, world.Stored("third").State);
        Assert.Equal(BulkState.Done, world.UntilEnded("third").State);
    }

    [Theory]
    [InlineData("requeue", false)]
    [InlineData("requeue", true)]
    [InlineData("report", false)]
    [InlineData("report", true)]
    [InlineData("query", true)]
    public void Kill_HalfWay_AnotherProcessGoesOnAndNoJobIsChangedTwice(string call, bool wasMade)
    {
        using var world = new World();
        var ids = world.Ended(1_000);
        world.Start();
        var calls = 0;
        world.Storage.Hook = (name, made) => name == call && made == wasMade && ++calls == 3
            ? new TaskCompletionSource().Task
            : Task.CompletedTask;
        world.Add(Operation(BulkAction.RunAgain));
        world.Of.Advance(Second * 10);
        Assert.InRange(world.Storage.Changes.Count, 400, 600);

        // What runs again fails again, before the next process comes to it.
        world.EndAgain(world.Storage.Changes.Keys);
        world.Start("second");
        var ended = world.UntilEnded();

        Assert.Equal(BulkState.Done, ended.State);
        Assert.InRange(world.Of.Elapsed, Second * 30, Second * 50);
        Assert.All(ids, id => Assert.Equal(1, world.Storage.Changes[id]));
        Assert.InRange(ended.Done, 800, 1_000);
        Assert.Equal(1_000, ended.Done + ended.Skipped);
        Assert.Contains(6002, world.Events());
    }

    [Fact]
    public void Stop_HalfWay_LeavesTheOperationToAnotherProcessAtOnce()
    {
        using var world = new World();
        var ids = world.Ended(600);
        world.Start();
        world.Add(Operation(BulkAction.RunAgain) with { Spread = Minute * 10, Expected = new(600, true) });
        world.Of.Advance(Minute * 5);
        world.Start("second");
        world.Stop();
        world.Of.Advance(Second * 2);
        var done = world.Storage.Changes.Count;
        world.Of.Advance(Second * 10);

        Assert.InRange(world.Storage.Changes.Count - done, 8, 12);
        Assert.Equal(BulkState.Done, world.UntilEnded().State);
        Assert.Equal(600, world.Stored().Done);
        Assert.All(ids, id => Assert.Equal(1, world.Storage.Changes[id]));
    }

    [Fact]
    public void Cancel_JobsOfEachState_EndsThoseThatHaveNotEnded()
    {
        using var world = new World();
        world.Ended(5);
        var waiting = world.Waiting(5);
        world.Start();
        world.Add(Operation(BulkAction.Cancel) with { Filter = new JobQuery(), Reason = "a mistake" });

        var ended = world.UntilEnded();

        Assert.Equal((5L, 5L), (ended.Done, ended.Skipped));
        Assert.All(waiting, id => Assert.Equal(
            (JobState.Cancelled, "a mistake"), (world.Of.Find(id).State, world.Of.Find(id).Reason)));
    }

    [Fact]
    public void Delete_EndedJobs_AreGone()
    {
        using var world = new World();
        world.Ended(250);
        world.Waiting(2);
        world.Start();
        world.Add(Operation(BulkAction.Delete) with { Filter = new JobQuery() });

        var ended = world.UntilEnded();

        Assert.Equal((250L, 2L), (ended.Done, ended.Skipped));
        Assert.Equal(2, world.Count(new JobQuery()));
    }

    [Fact]
    public void Move_WaitingJobs_StandAtTheTargetAndAreMovedOnce()
    {
        using var world = new World();
        var ids = world.Waiting(250);
        world.Start();
        world.Add(Operation(BulkAction.Move) with { Filter = new JobQuery(), Target = new JobMove("slow", 3) });
        Assert.Equal(250, world.UntilEnded().Done);
        Assert.All(ids, id => Assert.Equal(
            ("slow", 3), (world.Of.Find(id).Queue, world.Of.Find(id).Message.Priority)));

        world.Add(
            Operation(BulkAction.Move) with { Id = "again", Filter = new JobQuery(), Target = new JobMove("slow") });
        Assert.Equal((0L, 250L), (world.UntilEnded("again").Done, world.UntilEnded("again").Skipped));
    }

    [Fact]
    public void Jobs_AcceptedOrEndedLater_AreLeftAlone()
    {
        using var world = new World();
        world.Ended(10);
        var late = world.Waiting(2);
        world.Add(Operation(BulkAction.RunAgain) with { Filter = new JobQuery() });
        world.Of.Advance(Second);
        var later = world.Ended(5);
        world.EndAgain(late);
        world.Start();

        var ended = world.UntilEnded();

        Assert.Equal((10L, 2L), (ended.Done, ended.Skipped));
        Assert.All([.. later, .. late], id => Assert.Equal(JobState.Cancelled, world.Of.Find(id).State));
    }

    [Fact]
    public void Fault_ThatARepetitionDoesNotMend_EndsTheOperationWithItsReason()
    {
        using var world = new World();
        world.Ended(300);
        world.Start();
        var calls = 0;
        world.Storage.Hook = (name, _) => name == "query" && ++calls > 2
            ? throw new StorageException("The table is gone.", isTransient: false)
            : Task.CompletedTask;
        world.Add(Operation(BulkAction.RunAgain));

        var ended = world.UntilEnded();

        Assert.Equal((BulkState.Failed, "The table is gone.", 200L), (ended.State, ended.Error, ended.Done));
        Assert.Contains(6004, world.Events());
    }

    [Fact]
    public void Operations_Several_AreCarriedOutOneAfterTheOther()
    {
        using var world = new World();
        world.Ended(10);
        world.Add(Operation(BulkAction.RunAgain) with { Id = "first" });
        world.Add(Operation(BulkAction.Cancel) with { Id = "second", Filter = new JobQuery() });
        world.Start();

        Assert.Equal(10, world.UntilEnded("first").Done);
        Assert.Equal(10, world.UntilEnded("second").Done);
        Assert.Equal(1, world.Count(new JobQuery { States = [JobState.Cancelled], Limit = 1 }, 1));
    }

    [Fact]
    public void Idle_LooksEvery15Seconds_AndOnceASecondWhileOthersWrite()
    {
        using var world = new World();
        world.Start();
        world.Of.Advance(Minute * 10);
        Assert.InRange(world.Storage.Calls["take"], 40, 42);

        var before = world.Storage.Calls["take"];
        for (var i = 0; i < 1_000; i++)
        {
            world.Storage.Signals.Send(new Signal(SignalKind.Changed));
            world.Of.Advance(Second / 100);
        }

        Assert.InRange(world.Storage.Calls["take"] - before, 9, 11);
        Assert.Equal(["take"], world.Storage.Calls.Keys);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Random_FailingCallsAndKills_ChangeEachJobOnce(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var world = new World();
        var ids = world.Ended(random.Next(300, 1_500));
        world.Waiting(random.Next(20));
        var isOver = false;
        world.Storage.Hook = (_, _) => isOver ? Task.CompletedTask : random.Next(100) switch
        {
            < 12 => throw new StorageException("It is away.", isTransient: true),
            < 13 => new TaskCompletionSource().Task,
            _ => Task.CompletedTask,
        };
        world.Add(Operation(BulkAction.RunAgain) with
        {
            Spread = random.Next(2) == 0 ? TimeSpan.Zero : Minute * 3,
            Expected = new BoundedCount(ids.Count, true),
        });
        for (var i = 0; i < 40 && world.Stored().State == BulkState.Running; i++)
        {
            world.Start($"process{i}");
            world.Of.Advance(Second * random.Next(5, 60));
            world.EndAgain(world.Storage.Changes.Keys.Where(_ => random.Next(3) == 0));
        }

        isOver = true;
        world.Start("last");
        var ended = world.UntilEnded();

        Assert.Equal(BulkState.Done, ended.State);
        Assert.All(ids, id => Assert.Equal(1, world.Storage.Changes.GetValueOrDefault(id)));
    }

    private static BulkOperation Operation(BulkAction action) => new()
    {
        Id = "op",
        Action = action,
        Filter = new JobQuery { States = [JobState.Cancelled] },
        By = "anna",
    };
}
