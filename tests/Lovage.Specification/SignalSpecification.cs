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
        var waiting = Broker.ReceiveAsync(Request() with { Wait = TimeSpan.FromHours(1) }, Stop).AsTask();
        await Time.TimerSetAsync();
        Assert.False(waiting.IsCompleted);

        var message = await PublishOneAsync();

        Assert.Equal([message.Id], Ids(await waiting.WaitAsync(Patience, Stop)));
    }

    [Fact]
    public async Task Receive_Waiting_WakesWhenAClaimIsReleasedOrTakenBack()
    {
        await PublishAsync(A.Messages(2));
        var deliveries = await ReceiveAsync();
        var first = Broker.ReceiveAsync(Request(1, "two") with { Wait = TimeSpan.FromHours(1) }, Stop).AsTask();
        await Time.TimerSetAsync();
        await Broker.ReleaseAsync([deliveries[0].Token], Stop);
        Assert.Equal([deliveries[0].Message.Id], Ids(await first.WaitAsync(Patience, Stop)));

        var second = Broker.ReceiveAsync(Request(1, "two") with { Wait = TimeSpan.FromHours(1) }, Stop).AsTask();
        await KillAsync("one");
        Assert.Equal([deliveries[1].Message.Id], Ids(await second.WaitAsync(Patience, Stop)));
    }

    [Fact]
    public async Task Receive_NextAfterAllThereWas_WakesWhenAJobIsPublished()
    {
        await PublishAsync(A.Messages(2));
        var request = Request();
        Assert.Equal(2, (await Broker.ReceiveAsync(request, Stop)).Count);
        var waiting = NextAsync(request);
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
        var request = Request();
        Assert.Single(await Broker.ReceiveAsync(request, Stop));

        var delivery = Assert.Single(
            await RunAsync(new ValueTask<IReadOnlyList<Delivery>>(NextAsync(request)), TimeSpan.FromSeconds(1)));

        Assert.InRange(delivery.ClaimedAt, due, due + delay);
    }

    [Fact]
    public async Task Receive_NextAfterAllThereWas_LooksWhenItsTimeIsUp()
    {
        await PublishOneAsync();
        var request = Request();
        Assert.Single(await Broker.ReceiveAsync(request, Stop));
        var start = Time.GetUtcNow();
        var wait = TimeSpan.FromSeconds(10);

        Assert.Empty(
            await RunAsync(Broker.ReceiveAsync(request.Next(100) with { Wait = wait }, Stop), TimeSpan.FromSeconds(1)));

        Assert.True(Time.GetUtcNow() - start >= wait);
    }

    [Fact]
    public async Task Receive_NextAfterAsManyAsWereAskedFor_LooksAtOnce()
    {
        await PublishAsync(A.Messages(3));
        var request = Request(1);
        Assert.Single(await Broker.ReceiveAsync(request, Stop));

        Assert.Equal(2, (await NextAsync(request).WaitAsync(Patience, Stop)).Count);
    }

    [Fact]
    public async Task Receive_NextAfterOneThatCameAlone_LooksAtOnce()
    {
        await PublishAsync(A.Messages(2));
        await ReceiveAsync(1);
        await KillAsync();
        var request = Request();
        Assert.True(Assert.Single(await Broker.ReceiveAsync(request, Stop)).StartFirst);

        Assert.False(Assert.Single(await NextAsync(request).WaitAsync(Patience, Stop)).StartFirst);
    }

    [Fact]
    public async Task Receive_NextForOtherQueues_LooksAtOnce()
    {
        var other = A.Message() with { Queue = "other" };
        await PublishAsync(other);
        var request = Request();
        Assert.Empty(await Broker.ReceiveAsync(request, Stop));

        var next = request.Next(100) with { Queues = ["other"], Wait = TimeSpan.FromHours(1) };

        Assert.Equal(
            other.Id,
            Assert.Single(await Broker.ReceiveAsync(next, Stop).AsTask().WaitAsync(Patience, Stop)).Message.Id);
    }

    [Fact]
    public async Task Receive_NextThatMayHaveReclaimedToo_LooksAtOnce()
    {
        await PublishOneAsync();
        await ReceiveOneAsync();
        await KillAsync();
        var request = Request() with { WithReclaimed = false };
        Assert.Empty(await Broker.ReceiveAsync(request, Stop));

        var next = request.Next(100) with { WithReclaimed = true, Wait = TimeSpan.FromHours(1) };

        Assert.True(Assert.Single(await Broker.ReceiveAsync(next, Stop).AsTask().WaitAsync(Patience, Stop)).StartFirst);
    }

    [Fact]
    public async Task Receive_Cancelled_Stops()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Broker.ReceiveAsync(Request() with { Wait = TimeSpan.FromHours(1) }, stop.Token).AsTask();
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

    private Task<IReadOnlyList<Delivery>> NextAsync(ReceiveRequest request) =>
        Broker.ReceiveAsync(request.Next(100) with { Wait = TimeSpan.FromHours(1) }, Stop).AsTask();
}
