using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Storage.Memory;

namespace Lovage.Tests.Clients;

public sealed class PublishBatcherTests : IAsyncLifetime
{
    private readonly TestClock _time = new();
    private readonly GatedStorage _storage;
    private readonly PublishBatcher _batcher;
    private int _number;

    public PublishBatcherTests()
    {
        _storage = new GatedStorage(_time);
        _batcher = Batcher(_storage, _time);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        await _batcher.DisposeAsync();
        await _storage.DisposeAsync();
    }

    [Fact]
    public async Task PublishAsync_NobodyElse_WritesBeforeItReturns()
    {
        var publish = _batcher.PublishAsync(Message(), Cancel).AsTask();

        Assert.Single(_storage.Writes);
        _storage.Writes[0].Accept();
        Assert.Equal(PublishStatus.Accepted, (await publish).Status);
    }

    [Fact]
    public async Task PublishAsync_CallersDuringAWrite_ShareTheNextInTheirOrder()
    {
        var first = _batcher.PublishAsync(Message(), Cancel).AsTask();
        var messages = Enumerable.Range(0, 100).Select(_ => Message()).ToList();
        var others = messages.Select(message => _batcher.PublishAsync(message, Cancel).AsTask()).ToList();
        Assert.Single(_storage.Writes);

        _storage.Writes[0].Accept();
        var second = await _storage.WriteAsync(1);
        Assert.Equal(messages, second.Messages);
        Assert.All(others, other => Assert.False(other.IsCompleted));
        second.Accept();

        await first;
        Assert.All(
            await Task.WhenAll(others), result => Assert.Equal(PublishStatus.Accepted, result.Status));
        Assert.Equal(2, _storage.Writes.Count);
    }

    [Fact]
    public async Task PublishAsync_MoreCallersThanABatchHolds_WritesSeveral()
    {
        var all = Enumerable.Range(0, 2_501).Select(_ => _batcher.PublishAsync(Message(), Cancel).AsTask()).ToList();

        int[] expected = [1, 1_000, 1_000, 500];
        for (var i = 0; i < expected.Length; i++)
        {
            var write = await _storage.WriteAsync(i);
            Assert.Equal(expected[i], write.Messages.Count);
            write.Accept();
        }

        await Task.WhenAll(all);
    }

    [Fact]
    public async Task PublishAsync_LargeBodies_KeepsAWriteUnderAMebibyte()
    {
        var all = Enumerable.Range(0, 6)
            .Select(_ => _batcher.PublishAsync(Message(400 * 1024), Cancel).AsTask())
            .ToList();

        int[] expected = [1, 2, 2, 1];
        for (var i = 0; i < expected.Length; i++)
        {
            var write = await _storage.WriteAsync(i);
            Assert.Equal(expected[i], write.Messages.Count);
            write.Accept();
        }

        await Task.WhenAll(all);
    }

    [Fact]
    public async Task PublishAsync_ChosenIdIsHeldUp_KeepsNoMadeIdWaiting()
    {
        var held = _batcher.PublishAsync(Message() with { HasChosenId = true }, Cancel).AsTask();
        var behind = _batcher.PublishAsync(Message() with { HasChosenId = true }, Cancel).AsTask();
        Assert.Single(_storage.Writes);

        var other = _batcher.PublishAsync(Message(), Cancel).AsTask();
        (await _storage.WriteAsync(1)).Accept();

        Assert.Equal(PublishStatus.Accepted, (await other).Status);
        Assert.Equal((false, false), (held.IsCompleted, behind.IsCompleted));
        _storage.Writes[0].Accept();
        (await _storage.WriteAsync(2)).Accept();
        await Task.WhenAll(held, behind);
    }

    [Fact]
    public async Task PublishAsync_WriteFails_FailsItsOwnCallersOnly()
    {
        var first = _batcher.PublishAsync(Message(), Cancel).AsTask();
        var second = Enumerable.Range(0, 3).Select(_ => _batcher.PublishAsync(Message(), Cancel).AsTask()).ToList();
        _storage.Writes[0].Accept();
        var failing = await _storage.WriteAsync(1);
        var third = _batcher.PublishAsync(Message(), Cancel).AsTask();
        failing.Fail(new StorageException("The disk is full.", isTransient: true));
        (await _storage.WriteAsync(2)).Accept();

        Assert.Equal(PublishStatus.Accepted, (await first).Status);
        foreach (var failed in second)
        {
            Assert.Equal("The disk is full.", (await Assert.ThrowsAsync<StorageException>(() => failed)).Message);
        }

        Assert.Equal(PublishStatus.Accepted, (await third).Status);
    }

    [Fact]
    public async Task PublishAsync_WaitingCallerGivesUp_IsNotWrittenAndOthersAre()
    {
        using var source = new CancellationTokenSource();
        var first = _batcher.PublishAsync(Message(), Cancel).AsTask();
        var leaving = _batcher.PublishAsync(Message(), source.Token).AsTask();
        var staying = Message();
        var stays = _batcher.PublishAsync(staying, Cancel).AsTask();

        await source.CancelAsync();
        Assert.Equal(
            source.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving)).CancellationToken);
        _storage.Writes[0].Accept();
        var second = await _storage.WriteAsync(1);
        Assert.Equal([staying], second.Messages);
        second.Accept();

        await first;
        await stays;
    }

    [Fact]
    public async Task PublishAsync_CallerInAWriteGivesUp_OthersInItAreAnswered()
    {
        using var source = new CancellationTokenSource();
        var first = _batcher.PublishAsync(Message(), source.Token).AsTask();
        var second = _batcher.PublishAsync(Message(), Cancel).AsTask();

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(_storage.Writes[0].CancellationToken.IsCancellationRequested);
        _storage.Writes[0].Accept();
        (await _storage.WriteAsync(1)).Accept();
        Assert.Equal(PublishStatus.Accepted, (await second).Status);
    }

    [Fact]
    public async Task PublishAsync_StorageHangs_EveryCallerHearsWhatIsKnownWithinTheLimit()
    {
        var written = _batcher.PublishAsync(Message(), Cancel).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        var waiting = _batcher.PublishAsync(Message(), Cancel).AsTask();

        _time.Advance(TimeSpan.FromSeconds(1));
        var unknown = await Assert.ThrowsAsync<StorageException>(() => written);
        Assert.Contains("not known", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("Job.Id", unknown.Message, StringComparison.Ordinal);
        Assert.True(unknown.IsTransient);
        Assert.False(waiting.IsCompleted);
        Assert.True(_storage.Writes[0].CancellationToken.IsCancellationRequested);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains(
            "was not stored",
            (await Assert.ThrowsAsync<StorageException>(() => waiting)).Message,
            StringComparison.Ordinal);

        _storage.Writes[0].Accept();
        var later = _batcher.PublishAsync(Message(), Cancel).AsTask();
        (await _storage.WriteAsync(1)).Accept();
        Assert.Equal(PublishStatus.Accepted, (await later).Status);
        Assert.Equal(2, _storage.Writes.Count);
    }

    [Fact]
    public async Task PublishAsync_NothingUnderWay_StopsItsTimer()
    {
        var publish = _batcher.PublishAsync(Message(), Cancel).AsTask();
        _storage.Writes[0].Accept();
        await publish;

        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(_time.NextTimer);
    }

    [Fact]
    public async Task PublishAsync_ManyThreadsOnMemory_StoresEachExactlyOnce()
    {
        const int Callers = 64;
        const int Each = 500;
        var storage = new MemoryStorage(TimeProvider.System);
        await using var batcher = Batcher(storage, TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(
            async () =>
            {
                for (var i = 0; i < Each; i++)
                {
                    Assert.Equal(PublishStatus.Accepted, (await batcher.PublishAsync(Message(), Cancel)).Status);
                }
            },
            Cancel)));

        var queue = Assert.Single(await storage.Broker.QueuesAsync(Cancel));
        Assert.Equal(Callers * Each, queue.Ready);
    }

    [Fact]
    public async Task PublishAsync_TooManyCallers_AreRefusedAndTheOthersStored()
    {
        await using var batcher = Batcher(_storage, _time, new ClientSettings { EnqueueCallsMax = 2 });
        var calls = Enumerable.Range(0, 3).Select(_ => batcher.PublishAsync(Message(), Cancel).AsTask()).ToList();

        var full = await Assert.ThrowsAsync<QueueFullException>(
            async () => await batcher.PublishAsync(Message(), Cancel));
        Assert.Contains("Lovage:Limits:EnqueueCallsMax", full.Message, StringComparison.Ordinal);

        _storage.Writes[0].Accept();
        (await _storage.WriteAsync(1)).Accept();
        Assert.All(await Task.WhenAll(calls), result => Assert.Equal(PublishStatus.Accepted, result.Status));
    }

    private static PublishBatcher Batcher(JobStorage storage, TimeProvider time, ClientSettings? settings = null)
    {
        var gate = new StorageGate(storage);
        gate.Open();
        return new PublishBatcher(gate, settings ?? new ClientSettings(), time);
    }

    private JobMessage Message(int bytes = 2) => new()
    {
        Id = JobId.Parse($"m{Interlocked.Increment(ref _number)}"),
        Name = "n",
        Queue = "default",
        Body = new byte[bytes],
    };
}
