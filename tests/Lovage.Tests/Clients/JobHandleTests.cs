using Lovage.Storage;
using Lovage.Testing;

namespace Lovage.Tests.Clients;

public sealed class JobHandleTests
{
    private static readonly JobDefinition Add = new("add", static invocation =>
    {
        var reader = invocation.ReadArguments();
        var sum = reader.Read<int>("x") + reader.Read<int>("y");
        reader.End();
        invocation.Context.Progress.Report(0.5, "half way");
        invocation.SetResult(sum);
        return default;
    });

    private static readonly JobDefinition Fail =
        new("fail", static _ => throw new InvalidOperationException("It broke.")) { MaxAttempts = 1 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WaitAsync_JobEndsMeanwhile_ReturnsItsResult()
    {
        await using var app = await TestApp.StartAsync(lovage => lovage.AddJob(Add));
        var handle = await app.Jobs.EnqueueAsync(Job.Create<int>("add", 2, 3), Cancel);
        var wait = handle.WaitAsync(TimeSpan.FromMinutes(1), Cancel).AsTask();
        Assert.False(wait.IsCompleted);

        // The clock stands still: only the signal can end the wait.
        Assert.Equal(1, await app.Host.Jobs().DrainAsync(Cancel));
        Assert.Equal(5, await wait);
        Assert.Equal(5, await handle.GetResultAsync(Cancel));
        Assert.Equal(
            (1, "SUCCESS"),
            (await handle.FindAsync(Cancel)) is { } found ? (found.Attempts, found.CeleryWord) : default);
        Assert.Equal(new JobProgressReport(0.5, "half way"), await handle.GetProgressAsync(Cancel));
        Assert.Equal(AttemptEnd.Succeeded, Assert.Single(await handle.GetAttemptsAsync(Cancel)).End);
    }

    [Fact]
    public async Task WaitAsync_SignalLost_FindsOutByLooking()
    {
        var storage = new DeafStorage();
        await using var app = await TestApp.StartAsync(lovage => lovage.AddJob(Add).UseStorage(storage));
        storage.Use(app.Time);
        var handle = await app.Jobs.EnqueueAsync(Job.Create<int>("add", 2, 3), Cancel);
        var wait = handle.WaitAsync(cancellationToken: Cancel).AsTask();
        await app.Host.Jobs().DrainAsync(Cancel);
        Assert.False(wait.IsCompleted);

        for (var i = 0; i < 100 && !wait.IsCompleted; i++)
        {
            app.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(wait, Task.Delay(20, Cancel));
        }

        Assert.Equal(5, await wait);
    }

    [Fact]
    public async Task WaitAsync_ManyHandles_AllHear()
    {
        await using var app = await TestApp.StartAsync(lovage => lovage.AddJob(Add));
        var handles = await app.Jobs.EnqueueAsync(
            Enumerable.Range(0, 200).Select(i => Job.Create<int>("add", i, 1)).ToList(), Cancel);
        var waits = handles.Concat(handles)
            .Select(handle => app.Jobs.GetHandle<int>(handle.Id).WaitAsync(cancellationToken: Cancel).AsTask())
            .ToList();
        await app.Host.Jobs().DrainAsync(Cancel);

        Assert.Equal(Enumerable.Range(1, 200).Concat(Enumerable.Range(1, 200)), await Task.WhenAll(waits));
    }

    [Fact]
    public async Task WaitAsync_JobFails_ThrowsWithItsError()
    {
        await using var app = await TestApp.StartAsync(lovage => lovage.AddJob(Fail));
        var handle = await app.Jobs.EnqueueAsync(Job.Create<int>("fail"), Cancel);
        await app.Host.Jobs().DrainAsync(Cancel);

        var failed = await Assert.ThrowsAsync<JobFailedException>(
            async () => await handle.WaitAsync(cancellationToken: Cancel));
        Assert.Equal((handle.Id, JobState.Failed, "It broke."), (failed.Id, failed.State, failed.Error!.Message));
        await Assert.ThrowsAsync<JobFailedException>(
            async () => await app.Jobs.GetHandle(handle.Id).WaitAsync(cancellationToken: Cancel));
        await Assert.ThrowsAsync<JobFailedException>(async () => await handle.GetResultAsync(Cancel));
    }

    [Fact]
    public async Task WaitAsync_JobCancelledMeanwhile_Throws()
    {
        await using var app = await TestApp.StartAsync();
        var handle = await app.Jobs.EnqueueAsync(Job.Create<int>("n"), Cancel);
        var wait = handle.WaitAsync(cancellationToken: Cancel).AsTask();
        await handle.CancelAsync("not wanted", Cancel);

        Assert.Equal(JobState.Cancelled, (await Assert.ThrowsAsync<JobFailedException>(() => wait)).State);
    }

    [Fact]
    public async Task WaitAsync_TimeIsUp_ThrowsAndLeavesTheJobAlone()
    {
        await using var app = await TestApp.StartAsync();
        var handle = await app.Jobs.EnqueueAsync(Job.Create<int>("n"), Cancel);
        var wait = handle.WaitAsync(TimeSpan.FromSeconds(30), Cancel).AsTask();
        for (var i = 0; i < 31; i++)
        {
            app.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Contains(
            "30 s", (await Assert.ThrowsAsync<TimeoutException>(() => wait)).Message, StringComparison.Ordinal);
        Assert.Equal(JobState.Queued, (await handle.FindAsync(Cancel))?.State);
    }

    [Fact]
    public async Task WaitAsync_CallerGivesUp_Throws()
    {
        await using var app = await TestApp.StartAsync();
        using var source = new CancellationTokenSource();
        var wait = app.Jobs.GetHandle(JobId.Parse("unknown")).WaitAsync(cancellationToken: source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    [Fact]
    public async Task WaitAsync_ResultWasLeftOut_ThrowsWithTheReason()
    {
        await using var app = await TestApp.StartAsync(
            lovage => lovage.AddJob(new JobDefinition("large", static invocation =>
            {
                invocation.SetResult(new string('x', 2_000));
                return default;
            })),
            ("Lovage:Worker:ResultBytesMax", "1000"));
        var handle = await app.Jobs.EnqueueAsync(Job.Create<string>("large"), Cancel);
        await app.Host.Jobs().DrainAsync(Cancel);

        var missing = await Assert.ThrowsAsync<JobResultMissingException>(
            async () => await handle.WaitAsync(cancellationToken: Cancel));
        Assert.Equal(handle.Id, missing.Id);
        Assert.Contains("it has 2,002 bytes, more than the 1,000 allowed", missing.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<JobResultMissingException>(async () => await handle.GetResultAsync(Cancel));
    }

    [Fact]
    public async Task EnqueueAsync_SameIdAgain_SaysThatItIsKnownAndHowItStands()
    {
        await using var app = await TestApp.StartAsync(lovage => lovage.AddJob(Fail));
        var job = Job.Create("fail") with { Id = JobId.Parse("order-7") };
        var first = await app.Jobs.EnqueueAsync(job, Cancel);
        var second = await app.Jobs.EnqueueAsync(job with { Queue = "other" }, Cancel);
        await app.Host.Jobs().DrainAsync(Cancel);
        var third = await app.Jobs.EnqueueAsync(job, Cancel);
        var bulk = await app.Jobs.EnqueueAsync([job, Job.Create("fail")], Cancel);

        Assert.Equal((true, null), (first.IsNew, first.FoundState));
        Assert.Equal((false, JobState.Queued), (second.IsNew, second.FoundState));
        Assert.Equal((false, JobState.Failed), (third.IsNew, third.FoundState));
        Assert.Equal(
            [(false, JobState.Failed), (true, null)], bulk.Select(static handle => (handle.IsNew, handle.FoundState)));
        Assert.Equal((false, null), (app.Jobs.GetHandle(job.Id!.Value).IsNew, app.Jobs.GetHandle(first.Id).FoundState));
    }

    [Fact]
    public async Task AnyCall_DefaultOfAnId_IsRefused()
    {
        await using var app = await TestApp.StartAsync();

        Assert.Throws<ArgumentException>(() => Job.Create("add") with { Id = default(JobId) });
        Assert.Throws<ArgumentException>(() => app.Jobs.GetHandle(default));
        Assert.Throws<ArgumentException>(() => app.Jobs.GetHandle<int>(default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Jobs.FindAsync(default, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Jobs.CancelAsync(default, null, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Inspector.FindAsync(default, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Inspector.AttemptsAsync(default, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await app.Inspector.CancelAsync(default(JobId), null, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await app.Inspector.RequeueAsync(default(JobId), Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Inspector.DeleteAsync([default], Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Inspector.RunNowAsync([default], Cancel));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await app.Inspector.MoveAsync([default], new JobMove { Queue = "cpu" }, Cancel));
    }

    [Fact]
    public async Task GetResultAsync_JobHasNotEnded_SaysWhatToDo()
    {
        await using var app = await TestApp.StartAsync();
        var handle = await app.Jobs.EnqueueAsync(Job.Create<int>("n"), Cancel);
        var early = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await handle.GetResultAsync(Cancel));
        Assert.Contains("WaitAsync", early.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitAsync_AtTheBound_IsRefusedUntilAnotherCallEnds()
    {
        await using var app = await TestApp.StartAsync(null, ("Lovage:Limits:WaitCallsMax", "2"));
        var handle = await app.Jobs.EnqueueAsync(Job.Create("n"), Cancel);
        using var source = new CancellationTokenSource();
        var first = handle.WaitAsync(cancellationToken: source.Token).AsTask();
        var second = handle.WaitAsync(cancellationToken: Cancel).AsTask();

        var full = await Assert.ThrowsAsync<QueueFullException>(
            async () => await handle.WaitAsync(cancellationToken: Cancel));
        Assert.Contains("Lovage:Limits:WaitCallsMax", full.Message, StringComparison.Ordinal);

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var third = handle.WaitAsync(cancellationToken: Cancel).AsTask();
        await handle.CancelAsync(cancellationToken: Cancel);
        await Assert.ThrowsAsync<JobFailedException>(() => second);
        await Assert.ThrowsAsync<JobFailedException>(() => third);
    }

    /// <summary>A memory storage whose signals reach no caller that waits for an end.</summary>
    private sealed class DeafStorage : JobStorage
    {
        private readonly Deaf _signals = new();
        private Lovage.Storage.Memory.MemoryStorage? _memory;

        public override string Description => "deaf";

        public override IReadOnlyList<string> Warnings => [];

        public override JobBroker Broker => Memory.Broker;

        public override JobStore Store => Memory.Store;

        public override JobHistory? History => Memory.History;

        public override SignalBus Signals => _signals;

        private Lovage.Storage.Memory.MemoryStorage Memory =>
            _memory ?? throw new InvalidOperationException("No clock yet.");

        public void Use(TimeProvider time) => _memory = new Lovage.Storage.Memory.MemoryStorage(time);

        public override ValueTask OpenAsync(CancellationToken cancellationToken) => default;

        public override ValueTask PingAsync(CancellationToken cancellationToken) => default;

        protected override ValueTask DisposeCoreAsync() => _memory is null ? default : _memory.DisposeAsync();

        private sealed class Deaf : SignalBus;
    }
}
