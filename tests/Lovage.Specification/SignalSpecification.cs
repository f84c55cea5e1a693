using System.Collections.Concurrent;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Hints: who waits is woken.</summary>
public abstract class SignalSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Receive_Waiting_WakesWhenAJobIsPublished()
    {
        var waiting = Broker.ReceiveAsync(Request() with { Wait = TimeSpan.FromHours(1) }, Stop).AsTask();
        await Time.TimerSetAsync();
        Assert.False(waiting.IsCompleted);

        var message = await PublishOneAsync();

        Assert.Equal([message.Id], Ids(await waiting.WaitAsync(Stop)));
    }

    [Fact]
    public async Task Receive_Waiting_WakesWhenAClaimIsReleasedOrTakenBack()
    {
        await PublishAsync(A.Messages(2));
        var deliveries = await ReceiveAsync();
        var first = Broker.ReceiveAsync(Request(1, "two") with { Wait = TimeSpan.FromHours(1) }, Stop).AsTask();
        await Time.TimerSetAsync();
        await Broker.ReleaseAsync([deliveries[0].Token], Stop);
        Assert.Equal([deliveries[0].Message.Id], Ids(await first.WaitAsync(Stop)));

        var second = Broker.ReceiveAsync(Request(1, "two") with { Wait = TimeSpan.FromHours(1) }, Stop).AsTask();
        await KillAsync("one");
        Assert.Equal([deliveries[1].Message.Id], Ids(await second.WaitAsync(Stop)));
    }

    [Fact]
    public async Task Receive_Cancelled_Stops()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Broker.ReceiveAsync(Request() with { Wait = TimeSpan.FromHours(1) }, stop.Token).AsTask();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Stop));
    }

    [Fact]
    public async Task Signals_OfPublishEndAndCancel_AreHeard()
    {
        var heard = new ConcurrentQueue<Signal>();
        using var listening = Storage.Signals.Subscribe(heard.Enqueue, SignalKind.JobsReady, SignalKind.JobEnded, SignalKind.CancelRequested);
        var messages = A.Messages(2);

        await PublishAsync(messages);
        Assert.Contains(heard, s => s.Kind is SignalKind.JobsReady or SignalKind.Changed);
        var delivery = await ReceiveOneAsync();
        await CancelAsync(delivery.Message.Id);
        Assert.Contains(heard, s => s == new Signal(SignalKind.CancelRequested, null, delivery.Message.Id) || s.Kind == SignalKind.Changed);
        await SettleAsync(delivery);
        Assert.Contains(heard, s => s == new Signal(SignalKind.JobEnded, null, delivery.Message.Id) || s.Kind == SignalKind.Changed);
        await CancelAsync(messages[1].Id);
        Assert.Contains(heard, s => s == new Signal(SignalKind.JobEnded, null, messages[1].Id) || s.Kind == SignalKind.Changed);
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
