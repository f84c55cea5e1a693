using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>What commands do to a worker that runs, and what it answers.</summary>
public sealed class JobWorkerControlTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly WorkerSettings Settings = new() { Concurrency = 2, PrefetchMax = 0 };

    [Fact]
    public void Ping_RunningWorker_SaysHowItIs()
    {
        using var world = new WorkerWorld(Settings, new JobDefinition("n", static _ => default));
        world.Start();

        Assert.Equal(
            new ControlReply(
                WorkerWorld.Owner.Key, true, "The worker runs 0 jobs in 2 slots. Its queues: default."),
            Send(world, Ping()));
        Assert.Contains(world.Logs, static line => line is (
            2030,
            "Command ping was carried out: The worker runs 0 jobs in 2 slots. Its queues: default."));
    }

    [Fact]
    public void Quiet_WhatRunsGoesOnAndNothingMoreIsTaken_UntilResume()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, Timed(() => world));
        world.Start();
        var running = world.Enqueue("n");
        world.Rest();
        Assert.Equal(
            "The worker takes no more jobs. 1 job that already runs goes on.", Send(world, Quiet()).Text);
        Assert.True(Listed(world).IsQuiet);

        var waiting = world.Enqueue("n");
        world.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(JobState.Succeeded, world.Find(running).State);
        Assert.Equal(JobState.Queued, world.Find(waiting).State);
        Assert.Equal("The worker was quiet before. It runs no job.", Send(world, Quiet()).Text);
        Assert.Equal(
            "The worker runs 0 jobs in 2 slots. It is quiet: it takes no more jobs. Its queues: default.",
            Send(world, Ping()).Text);

        Assert.Equal(
            "The worker takes jobs again. Its queues: default.",
            Send(world, new ControlCommand { Name = ControlCommands.Resume }).Text);
        world.Rest();
        Assert.Equal(JobState.Running, world.Find(waiting).State);
        Assert.False(Listed(world).IsQuiet);
        Assert.Equal(
            "The worker was not quiet. Its queues: default.",
            Send(world, new ControlCommand { Name = ControlCommands.Resume }).Text);
        Assert.Equal(JobState.Succeeded, world.UntilEnded(waiting).State);
    }

    [Fact]
    public void Quiet_JobsThatWereFetchedAhead_GoBackInTheirOrder()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings with { PrefetchMax = 10 }, Timed(() => world));
        var ids = Enumerable.Range(0, 8).Select(_ => world.Enqueue("n")).ToArray();
        world.Start();
        Assert.Equal((2, 2), (world.Worker.Status.Running, world.Worker.Status.Buffered));

        Send(world, Quiet());

        Assert.Equal((2, 0), (world.Worker.Status.Running, world.Worker.Status.Buffered));
        Assert.Equal(ids[2..], Peek(world));
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, world.Worker.Status.Running);
        Send(world, new ControlCommand { Name = ControlCommands.Resume });
        Assert.All(
            ids,
            id => Assert.Equal((JobState.Succeeded, 1), (world.UntilEnded(id).State, world.Find(id).Attempts)));
    }

    [Fact]
    public void Quiet_Orphans_AreLeftToOthers()
    {
        var gone = new WorkerOwner("boot", "0", 9, 9, "gone");
        using var world = new WorkerWorld(Settings, new JobDefinition("n", static _ => default));
        world.Start();
        Send(world, Quiet());
        var id = world.Enqueue("n");
        world.Do(async () =>
        {
            await using var receiver = world.Memory.Broker.OpenReceiver(gone, ["default"], TimeSpan.FromHours(1));
            await receiver.ReceiveAsync(1, TimeSpan.Zero, CancellationToken.None);
            await world.Memory.Broker.ReclaimAsync([gone.Key], 10, CancellationToken.None);
        });
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(JobState.Queued, world.Find(id).State);
        Send(world, new ControlCommand { Name = ControlCommands.Resume });
        Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State);
    }

    [Fact]
    public void Pool_MoreAndFewerSlots_AreUsed()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, Timed(() => world));
        for (var i = 0; i < 30; i++)
        {
            world.Enqueue("n");
        }

        world.Start();
        Assert.Equal(
            "The worker has 6 slots; it had 2. 2 jobs that already run go on.", Send(world, Pool(6)).Text);
        world.Rest();
        Assert.Equal(6, world.Worker.Status.Running);
        Assert.Equal(6, Listed(world).Slots);
        Send(world, Pool(1));
        world.Advance(Second * 6);
        Assert.Equal(1, world.Worker.Status.Running);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1_001)]
    public void Pool_OutOfRange_IsRefused(int? slots)
    {
        using var world = new WorkerWorld(Settings);
        world.Start();

        var reply = Send(world, Pool(slots));

        Assert.Equal((false, "A worker has 1 to 1,000 slots. It has 2 now."), (reply.IsDone, reply.Text));
        Assert.Equal(2, world.Worker.Settings.Concurrency);
        Assert.Contains(world.Logs, static line => line.Event == 2031);
    }

    [Fact]
    public void Queues_AddedAndCancelled_AreServedOrNot_AndNeverTheLastOneGoes()
    {
        using var world = new WorkerWorld(
            Settings with { PollInterval = TimeSpan.FromMinutes(1) }, new JobDefinition("n", static _ => default));
        world.Start();
        var mail = world.Enqueue("n", change: static message => message with { Queue = "mail" });
        Assert.Equal(
            "The worker serves mail too, after its other queues. Its queues: default, mail.",
            Send(world, Queue(ControlCommands.AddQueue, "mail")).Text);
        world.Rest();
        Assert.Equal(JobState.Succeeded, world.Find(mail).State);
        Assert.Equal(
            "The worker served mail before. Its queues: default, mail.",
            Send(world, Queue(ControlCommands.AddQueue, "mail")).Text);

        Assert.Equal(
            "The worker serves default no more. Its queues: mail.",
            Send(world, Queue(ControlCommands.CancelQueue, "default")).Text);
        Assert.Equal(["mail"], Listed(world).Queues);
        var left = world.Enqueue("n");
        world.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(JobState.Queued, world.Find(left).State);

        var last = Send(world, Queue(ControlCommands.CancelQueue, "mail"));
        Assert.Equal(
            (false, "mail is the worker's only queue. Make the worker quiet, or add another queue first."),
            (last.IsDone, last.Text));
        Assert.Equal(
            (true, "The worker did not serve other. Its queues: mail."),
            (Send(world, Queue(ControlCommands.CancelQueue, "other")) is var other && other.IsDone, other.Text));
        foreach (var name in new[] { null, "", "no such name", new string('x', 100) })
        {
            Assert.False(Send(world, Queue(ControlCommands.AddQueue, name)).IsDone);
            Assert.True(Send(world, Queue(ControlCommands.CancelQueue, name)).IsDone);
        }

        Assert.Equal(["mail"], world.Worker.Settings.Queues);
    }

    [Fact]
    public void Command_Unknown_IsRefused()
    {
        using var world = new WorkerWorld(Settings);
        world.Start();
        var reply = Send(world, new ControlCommand { Name = "explode" });
        Assert.Equal((false, "The worker does not know the command 'explode'."), (reply.IsDone, reply.Text));
    }

    [Fact]
    public void Command_IsCarriedOutOnce_AndNotAfterItsDeadline()
    {
        using var world = new WorkerWorld(Settings);
        var late = Post(world, Ping() with { Deadline = Second * 5 });
        world.Advance(Second * 6);
        world.Start();
        Send(world, Ping());
        world.Advance(TimeSpan.FromMinutes(2));

        Assert.Empty(Replies(world, late));
        Assert.Single(world.Logs, static line => line.Event == 2030);
    }

    [Fact]
    public void Command_WithoutASignal_IsReadAtTheNextBeat()
    {
        CountingControl control = null!;
        using var world = new WorkerWorld(
            Settings, [], null, wrap: (memory, _) => control = new CountingControl(memory));
        world.Start();
        world.Advance(Second);
        var before = control.Reads;
        control.Post(Ping());
        world.Advance(Second * 10);
        Assert.Single(control.Replies);
        Assert.InRange(control.Reads - before, 1, 2);
    }

    [Fact]
    public void Commands_ForOthers_AreLeftAlone()
    {
        using var world = new WorkerWorld(Settings);
        world.Start();
        var number = Post(world, Quiet() with { Target = "another" });
        world.Advance(Second * 20);
        Assert.Empty(Replies(world, number));
        Assert.False(world.Worker.Settings.IsQuiet);
    }

    private static ControlCommand Ping() => new() { Name = ControlCommands.Ping };

    private static ControlCommand Quiet() => new() { Name = ControlCommands.Quiet };

    private static ControlCommand Pool(int? slots) => new() { Name = ControlCommands.Pool, Slots = slots };

    private static ControlCommand Queue(string name, string? queue) => new() { Name = name, Queue = queue };

    private static long Post(WorkerWorld world, ControlCommand command)
    {
        var number = 0L;
        world.Do(async () => number = await world.Memory.Control!.SendAsync(command, CancellationToken.None));
        return number;
    }

    /// <summary>Sends to the worker and waits for its reply.</summary>
    private static ControlReply Send(WorkerWorld world, ControlCommand command)
    {
        var number = Post(world, command with { Target = WorkerWorld.Owner.Key });
        world.Advance(Second / 2);
        return Assert.Single(Replies(world, number));
    }

    private static IReadOnlyList<ControlReply> Replies(WorkerWorld world, long number)
    {
        IReadOnlyList<ControlReply> replies = [];
        world.Do(async () => replies = await world.Memory.Control!.RepliesAsync(number, CancellationToken.None));
        return replies;
    }

    private static WorkerRecord Listed(WorkerWorld world)
    {
        IReadOnlyList<WorkerRecord> live = [];
        world.Do(async () => live = await world.Memory.Workers!.ListAsync(CancellationToken.None));
        return Assert.Single(live);
    }

    private static JobId[] Peek(WorkerWorld world)
    {
        JobId[] ids = [];
        world.Do(async () => ids =
        [
            .. (await world.Memory.Broker.PeekAsync("default", 100, CancellationToken.None))
                .Select(static message => message.Id),
        ]);
        return ids;
    }

    private static JobDefinition Timed(Func<WorkerWorld> world) => new("n", async _ =>
        await Task.Delay(TimeSpan.FromSeconds(5), world().Time));

    /// <summary>A storage whose commands come without a signal.</summary>
    private sealed class CountingControl(JobStorage inner) : JobStorage
    {
        private readonly SilentChannel _channel = new();

        public override string Description => "counting";

        public override IReadOnlyList<string> Warnings => [];

        public override JobBroker Broker => inner.Broker;

        public override JobStore Store => inner.Store;

        public override ControlChannel? Control => _channel;

        public override SignalBus Signals => inner.Signals;

        internal int Reads => _channel.Reads;

        internal List<ControlReply> Replies => _channel.Replies;

        internal void Post(ControlCommand command) => _channel.Command = command with { Number = 1 };

        public override ValueTask OpenAsync(CancellationToken cancellationToken) => default;

        public override ValueTask PingAsync(CancellationToken cancellationToken) => default;

        protected override ValueTask DisposeCoreAsync() => default;
    }

    private sealed class Silence : SignalBus;

    private sealed class SilentChannel() : ControlChannel(new Silence())
    {
        internal int Reads { get; private set; }

        internal ControlCommand? Command { get; set; }

        internal List<ControlReply> Replies { get; } = [];

        protected override ValueTask<long> SendCoreAsync(
            ControlCommand command, CancellationToken cancellationToken) => throw new NotSupportedException();

        protected override ValueTask<IReadOnlyList<ControlCommand>> ReadCoreAsync(
            string worker, long after, CancellationToken cancellationToken)
        {
            Reads++;
            return new(Command is { } command && command.Number > after ? [command] : []);
        }

        protected override ValueTask ReplyCoreAsync(
            long number, ControlReply reply, CancellationToken cancellationToken)
        {
            Replies.Add(reply);
            return default;
        }

        protected override ValueTask<IReadOnlyList<ControlReply>> RepliesCoreAsync(
            long number, CancellationToken cancellationToken) => new(Replies);
    }
}
