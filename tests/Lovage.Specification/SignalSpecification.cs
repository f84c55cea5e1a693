using System.Collections.Concurrent;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Hints: who waits is woken.</summary>
public abstract class SignalSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Receive_Waiting_WakesWhenAJobIsPublished()
    {
        var waiting = WaitForJobsAsync();
        await Time.TimerSetAsync();
        Assert.False(waiting.IsCompleted);

        var message = await PublishOneAsync();

        Assert.Equal([message.Id], Ids(await waiting.WaitAsync(Patience, Stop)));
    }

    [Fact]
    public async Task Receive_Waiting_WakesWhenAClaimIsReleasedOrReclaimed()
    {
        await PublishAsync(A.Messages(2));
        var deliveries = await ReceiveAsync();
        var first = WaitForJobsAsync(1, "two");
        await Time.TimerSetAsync();
        await ReleaseAsync([deliveries[0].Token]);
        Assert.Equal([deliveries[0].Message.Id], Ids(await first.WaitAsync(Patience, Stop)));

        var second = WaitForOrphanAsync("two");
        await KillAsync("one");
        Assert.Equal([deliveries[1].Message.Id], Ids(await second.WaitAsync(Patience, Stop)));
    }

    [Fact]
    public async Task Receive_NextAfterAllThereWas_WakesWhenAJobIsPublished()
    {
        await PublishAsync(A.Messages(2));
        Assert.Equal(2, (await ReceiveAsync()).Count);
        var waiting = WaitForJobsAsync();
        await Time.TimerSetAsync();
        Assert.False(waiting.IsCompleted);

        var message = await PublishOneAsync();

        Assert.Equal([message.Id], Ids(await waiting.WaitAsync(Patience, Stop)));
    }

    [Fact]
    public async Task Receive_NextAfterAllThereWas_WakesWhenADelayedJobIsDue()
    {
        var delay = TimeSpan.FromSeconds(10);
        await PublishAsync(A.Message(), A.Message() with { Delay = delay });
        var due = Time.GetUtcNow() + delay;
        Assert.Single(await ReceiveAsync());

        var delivery = Assert.Single(
            await RunAsync(new ValueTask<IReadOnlyList<Delivery>>(WaitForJobsAsync()), TimeSpan.FromSeconds(1)));

        Assert.InRange(delivery.ClaimedAt, due, due + delay);
    }

    [Fact]
    public async Task Receive_NextAfterAllThereWas_LooksWhenItsTimeIsUp()
    {
        await PublishOneAsync();
        Assert.Single(await ReceiveAsync());
        var start = Time.GetUtcNow();
        var wait = TimeSpan.FromSeconds(10);

        Assert.Empty(
            await RunAsync(new ValueTask<IReadOnlyList<Delivery>>(WaitForJobsAsync(wait)), TimeSpan.FromSeconds(1)));

        Assert.True(Time.GetUtcNow() - start >= wait);
    }

    [Fact]
    public async Task Receive_NextAfterAsManyAsWereAskedFor_LooksAtOnce()
    {
        await PublishAsync(A.Messages(3));
        Assert.Single(await ReceiveAsync(1));

        Assert.Equal(2, (await WaitForJobsAsync().WaitAsync(Patience, Stop)).Count);
    }

    [Fact]
    public async Task Receive_NextAfterAnOrphan_LooksAtOnce()
    {
        await PublishAsync(A.Messages(3));
        await ReceiveAsync(2);
        await KillAsync();
        Assert.True((await ReceiveOneOrphanAsync()).IsOrphan);

        Assert.True(Assert.Single(await WaitForOrphanAsync().WaitAsync(Patience, Stop)).IsOrphan);
        Assert.False(Assert.Single(await WaitForJobsAsync().WaitAsync(Patience, Stop)).IsOrphan);
    }

    [Fact]
    public async Task Receive_ReceiverOfOtherQueues_LooksAtOnce()
    {
        var other = A.Message() with { Queue = "other" };
        await PublishAsync(other);
        Assert.Empty(await ReceiveAsync());

        Assert.Equal([other.Id], Ids(await WaitForJobsAsync(100, "one", "other").WaitAsync(Patience, Stop)));
    }

    [Fact]
    public async Task ReceiveOrphan_AfterAReceiveThatFoundNothing_LooksAtOnce()
    {
        await PublishOneAsync();
        await ReceiveOneAsync();
        await KillAsync();
        Assert.Empty(await ReceiveAsync());

        Assert.True(Assert.Single(await WaitForOrphanAsync().WaitAsync(Patience, Stop)).IsOrphan);
    }

    [Fact]
    public async Task Receive_Cancelled_Stops()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Receiver().ReceiveAsync(100, TimeSpan.FromHours(1), stop.Token).AsTask();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience, Stop));
    }

    [Fact]
    public async Task Signals_OfPublishEndAndCancel_AreHeard()
    {
        var heard = new ConcurrentQueue<Signal>();
        using var listening = Storage.Signals.Subscribe(
            heard.Enqueue, SignalKind.JobsReady, SignalKind.JobEnded, SignalKind.CancelRequested);
        var messages = A.Messages(2);

        await PublishAsync(messages);
        Assert.Contains(heard, s => s.Kind is SignalKind.JobsReady or SignalKind.Changed);
        var delivery = await ReceiveOneAsync();
        await CancelAsync(delivery.Message.Id);
        Assert.Contains(heard, s => s == new Signal(SignalKind.CancelRequested, null, delivery.Message.Id)
            || s.Kind == SignalKind.Changed);
        await SettleAsync(delivery);
        Assert.Contains(
            heard,
            s => s == new Signal(SignalKind.JobEnded, null, delivery.Message.Id) || s.Kind == SignalKind.Changed);
        await CancelAsync(messages[1].Id);
        Assert.Contains(
            heard, s => s == new Signal(SignalKind.JobEnded, null, messages[1].Id) || s.Kind == SignalKind.Changed);
    }

    [Fact]
    public async Task Signals_StaleOutcome_IsNotAnnounced()
    {
        var message = await PublishOneAsync();
        var stale = await ReceiveOneAsync();
        await KillAsync();
        var heard = new ConcurrentQueue<Signal>();
        using var listening = Storage.Signals.Subscribe(heard.Enqueue, SignalKind.JobEnded);

        Assert.Equal(SettleStatus.Stale, await SettleAsync(stale));

        Assert.DoesNotContain(heard, s => s.Id == message.Id);
    }

    [Fact]
    public void Signals_AfterDispose_AreNotHeard()
    {
        var heard = 0;
        Storage.Signals.Subscribe(_ => heard++, SignalKind.JobEnded).Dispose();

        Storage.Signals.Send(new Signal(SignalKind.JobEnded));

        Assert.Equal(0, heard);
    }
}
