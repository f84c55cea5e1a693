using System.Collections.Concurrent;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Commands for live workers, and their replies.</summary>
public abstract class ControlSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Read_NothingEver_IsEmpty() => Assert.Empty(await Control.ReadAsync("w1", 0, Stop));

    [Fact]
    public async Task Send_CommandForAllAndForOne_EachWorkerReadsItsOwn()
    {
        var all = new ControlCommand { Name = ControlCommands.Pool, Slots = 7 };
        var one = new ControlCommand { Name = ControlCommands.AddQueue, Target = "w1", Queue = "mail" };
        var first = await Control.SendAsync(all, Stop);
        var second = await ControlOf(Other).SendAsync(one with { Deadline = TimeSpan.FromMinutes(2) }, Stop);

        Assert.True(second > first && first > 0);
        Assert.Equal(
            [all with { Number = first }, one with { Number = second, Deadline = TimeSpan.FromMinutes(2) }],
            await Control.ReadAsync("w1", 0, Stop));
        Assert.Equal([all with { Number = first }], await Control.ReadAsync("w2", 0, Stop));
        Assert.Equal(second, Assert.Single(await Control.ReadAsync("w1", first, Stop)).Number);
        Assert.Empty(await ControlOf(Other).ReadAsync("w1", second, Stop));
    }

    [Fact]
    public async Task Read_AfterTheDeadline_IsGone()
    {
        await Control.SendAsync(Ping() with { Deadline = Second * 10 }, Stop);
        Time.Advance(Second * 9);
        Assert.Single(await Control.ReadAsync("w1", 0, Stop));
        Time.Advance(Second);
        Assert.Empty(await Control.ReadAsync("w1", 0, Stop));
    }

    [Fact]
    public async Task Reply_OfSeveralWorkers_AreRead()
    {
        var number = await Control.SendAsync(Ping(), Stop);
        var other = await Control.SendAsync(Ping(), Stop);
        Assert.Empty(await Control.RepliesAsync(number, Stop));
        var refused = new ControlReply("w2", false, "It serves no other queue.");
        await ControlOf(Other).ReplyAsync(number, refused, Stop);
        await Control.ReplyAsync(number, new ControlReply("w1", true, "It runs 3 jobs."), Stop);
        await Control.ReplyAsync(number, new ControlReply("w1", false, "again"), Stop);

        Assert.Equal(
            [new ControlReply("w1", true, "It runs 3 jobs."), refused],
            await ControlOf(Other).RepliesAsync(number, Stop));
        Assert.Empty(await Control.RepliesAsync(other, Stop));
    }

    [Fact]
    public async Task Reply_TooLateOrToNothing_IsDropped()
    {
        var number = await Control.SendAsync(Ping() with { Deadline = Second * 5 }, Stop);
        await Control.ReplyAsync(number, new ControlReply("w1", true, "in time"), Stop);
        Time.Advance(Second * 5);
        await Control.ReplyAsync(number, new ControlReply("w2", true, "late"), Stop);
        await Control.ReplyAsync(number + 1_000_000, new ControlReply("w2", true, "to nothing"), Stop);

        Assert.Equal("w1", Assert.Single(await Control.RepliesAsync(number, Stop)).Worker);
        Assert.Empty(await Control.RepliesAsync(number + 1_000_000, Stop));
    }

    [Fact]
    public async Task Send_OldCommands_GoWithTheirReplies()
    {
        var old = await Control.SendAsync(Ping() with { Deadline = Second * 5 }, Stop);
        await Control.ReplyAsync(old, new ControlReply("w1", true, "here"), Stop);
        Time.Advance(ControlChannel.KeepTime);
        var kept = await Control.SendAsync(Ping(), Stop);
        await Control.ReplyAsync(kept, new ControlReply("w1", true, "here"), Stop);
        Assert.Single(await Control.RepliesAsync(old, Stop));
        Time.Advance(Second * 5);
        await Control.SendAsync(Ping(), Stop);

        Assert.Empty(await Control.RepliesAsync(old, Stop));
        Assert.Single(await Control.RepliesAsync(kept, Stop));
    }

    [Fact]
    public async Task Send_DeadlineOutOfRange_IsRefused()
    {
        foreach (var deadline in new[] { Second / 2, TimeSpan.FromMinutes(5) + Second })
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
                async () => await Control.SendAsync(Ping() with { Deadline = deadline }, Stop));
        }
    }

    [Fact]
    public async Task SendAndReply_AreToldInThisProcess()
    {
        var heard = new ConcurrentQueue<SignalKind>();
        using var listener = Storage.Signals.Subscribe(signal => heard.Enqueue(signal.Kind), SignalKind.Control);
        var number = await Control.SendAsync(Ping(), Stop);
        Assert.Contains(SignalKind.Control, heard);
        heard.Clear();
        await Control.ReplyAsync(number, new ControlReply("w1", true, "here"), Stop);
        Assert.Contains(SignalKind.Control, heard);
    }

    [Theory]
    [MemberData(nameof(HostileTexts.All), MemberType = typeof(HostileTexts))]
    public async Task EveryText_Hostile_ComesBackToTheLetter(string text)
    {
        var command = new ControlCommand { Name = text, Target = text, Queue = text };
        var number = await Control.SendAsync(command, Stop);
        Assert.Equal(command with { Number = number }, Assert.Single(await Control.ReadAsync(text, 0, Stop)));
        await Control.ReplyAsync(number, new ControlReply(text, true, text), Stop);
        Assert.Equal(new ControlReply(text, true, text), Assert.Single(await Control.RepliesAsync(number, Stop)));
    }

    private static ControlCommand Ping() => new() { Name = ControlCommands.Ping };
}
