using System.Diagnostics;
using System.Text;
using System.Transactions;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Lovage.Tests.Clients;

public sealed class JobClientTests
{
    private static readonly JobDefinition Report = new("report", static _ => default)
    {
        Queue = "reports",
        Priority = 4,
        MaxAttempts = 7,
        KeepResult = false,
        Aliases = ["old_report"],
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EnqueueAsync_JobKnownHere_TakesWhatItsDefinitionSays()
    {
        await using var app = await TestApp.StartAsync(lovage => lovage.AddJob(Report));
        var handle = await app.Jobs.EnqueueAsync(Job.Create("report", 1, "two"), Cancel);

        var message = (await app.Inspector.FindAsync(handle.Id, Cancel))!.Message;
        Assert.Equal(("report", "reports", 4, 7), (message.Name, message.Queue, message.Priority, message.MaxAttempts));
        Assert.True(message.IgnoreResult);
        Assert.StartsWith("""[[1,"two"],{},""", Encoding.UTF8.GetString(message.Body.Span), StringComparison.Ordinal);
        Assert.Equal($"gen{Environment.ProcessId}@{Environment.MachineName}", message.Origin);
    }

    [Fact]
    public async Task EnqueueAsync_ArgumentThatCannotBeWritten_IsNamed()
    {
        await using var app = await TestApp.StartAsync();

        var second = await Assert.ThrowsAsync<BadArgumentsException>(
            async () => await app.Jobs.EnqueueAsync(Job.Create("x", 1, new Spiteful()), Cancel));
        Assert.Equal("#2", second.Parameter);
        Assert.Equal(
            "Job 'x': argument '#2' cannot be written as JSON: Not today.", second.Message);
        var named = await Assert.ThrowsAsync<BadArgumentsException>(async () => await app.Jobs.EnqueueAsync(
            Job.Create("x", JobArguments.Of([], [new("price", new Spiteful())])), Cancel));
        Assert.Equal("price", named.Parameter);
    }

    [Fact]
    public async Task EnqueueAsync_InATransactionScope_IsRefusedWithAdvice()
    {
        await using var app = await TestApp.StartAsync(lovage => lovage.AddJob(Report));
        var job = Job.Create("report", 1, "two");
        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            var one = await Assert.ThrowsAsync<InvalidOperationException>(
                async () => await app.Jobs.EnqueueAsync(job, Cancel));
            Assert.Contains("EnqueueAsync(job, transaction)", one.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<InvalidOperationException>(
                async () => await app.Jobs.EnqueueAsync(Job.Create<int>("report", 1, "two"), Cancel));
            await Assert.ThrowsAsync<InvalidOperationException>(
                async () => await app.Jobs.EnqueueAsync([job], Cancel));
            Assert.Empty(await app.Inspector.QueuesAsync(Cancel));

            using (new TransactionScope(
                TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled))
            {
                await app.Jobs.EnqueueAsync(job, Cancel);
            }
        }

        Assert.Equal(1, Assert.Single(await app.Inspector.QueuesAsync(Cancel)).Ready);
    }

    [Fact]
    public async Task EnqueueAsync_TransactionOnAStorageWithoutAny_SaysWhatToDo()
    {
        await using var app = await TestApp.StartAsync(lovage => lovage.AddJob(Report));
        await using var transaction = new SomeTransaction();

        var fault = await Assert.ThrowsAsync<StorageException>(
            async () => await app.Jobs.EnqueueAsync(Job.Create("report", 1, "two"), transaction, Cancel));

        Assert.False(fault.IsTransient);
        Assert.Contains("sqlite: or postgres:", fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StorageException>(
            async () => await app.Jobs.EnqueueAsync([Job.Create("report", 1, "two")], transaction, Cancel));
        await Assert.ThrowsAsync<StorageException>(async () => await app.Jobs.BeginTransactionAsync(Cancel));
        Assert.Empty((await app.Inspector.ListAsync(new JobQuery(), Cancel)).Jobs);
    }

    [Fact]
    public async Task EnqueueAsync_BadArgumentsInATransaction_AreRefusedBeforeTheStorageIsAsked()
    {
        await using var app = await TestApp.StartAsync();
        await using var transaction = new SomeTransaction();

        await Assert.ThrowsAsync<PayloadTooLargeException>(async () =>
            await app.Jobs.EnqueueAsync(Job.Create("report", new string('x', 300_000)), transaction, Cancel));
        await Assert.ThrowsAsync<ArgumentNullException>(async () =>
            await app.Jobs.EnqueueAsync(Job.Create("report"), (System.Data.Common.DbTransaction)null!, Cancel));
    }

    [Fact]
    public async Task EnqueueAsync_JobSaysOtherwise_WinsOverItsDefinition()
    {
        await using var app = await TestApp.StartAsync(lovage => lovage.AddJob(Report));
        var due = app.Time.GetUtcNow().AddHours(2);
        var handle = await app.Jobs.EnqueueAsync(
            Job.Create("old_report") with
            {
                Queue = "slow",
                Priority = 9,
                MaxAttempts = 1,
                Delay = TimeSpan.FromMinutes(1),
                At = due,
                Expires = TimeSpan.FromHours(3),
            },
            Cancel);

        var message = (await app.Inspector.FindAsync(handle.Id, Cancel))!.Message;
        Assert.Equal(("slow", 9, 1), (message.Queue, message.Priority, message.MaxAttempts));
        Assert.Equal((due, app.Time.GetUtcNow().AddHours(3)), (message.Eta, message.Expires));
        Assert.Equal(JobState.Scheduled, (await handle.FindAsync(Cancel))?.State);
    }

    [Fact]
    public async Task EnqueueAsync_NameNobodyHereKnows_GoesToTheDefaultQueue()
    {
        await using var app = await TestApp.StartAsync(null, ("Lovage:DefaultQueue", "celery"));
        var handle = await app.Jobs.EnqueueAsync(Job.Create<int>("tasks.add", 2, 3), Cancel);

        var message = (await app.Inspector.FindAsync(handle.Id, Cancel))!.Message;
        Assert.Equal(("celery", 0, null), (message.Queue, message.Priority, message.MaxAttempts));
        Assert.False(message.HasChosenId);
    }

    [Fact]
    public async Task EnqueueAsync_OwnIdTwice_IsOneJob()
    {
        await using var app = await TestApp.StartAsync();
        var job = Job.Create("pay", 5) with { Id = JobId.Parse("order-7") };

        var first = await app.Jobs.EnqueueAsync(job, Cancel);
        var again = await app.Jobs.EnqueueAsync(job, Cancel);

        Assert.Equal(first.Id, again.Id);
        Assert.Single((await app.Inspector.ListAsync(cancellationToken: Cancel)).Jobs);
        var conflict = await Assert.ThrowsAsync<JobIdConflictException>(
            async () => await app.Jobs.EnqueueAsync(Job.Create("pay", 6) with { Id = job.Id }, Cancel));
        Assert.Equal(job.Id, conflict.Id);
    }

    [Fact]
    public async Task EnqueueAsync_ArgumentChangedAfterTheCall_KeepsWhatItWas()
    {
        await using var storage = new GatedStorage();
        await using var app = await TestApp.StartAsync(lovage => lovage.UseStorage(storage));
        var list = new List<string> { "before" };
        var first = app.Jobs.EnqueueAsync(Job.Create("n"), Cancel).AsTask();
        var second = app.Jobs.EnqueueAsync(Job.Create("n", list), Cancel).AsTask();
        list[0] = "after";

        storage.Writes[0].Accept();
        var write = await storage.WriteAsync(1);
        Assert.StartsWith(
            """[[["before"]]""", Encoding.UTF8.GetString(write.Messages[0].Body.Span), StringComparison.Ordinal);
        write.Accept();
        await first;
        await second;
    }

    [Fact]
    public async Task EnqueueAsync_ArgumentsOverTheCap_RefusesAndStoresNothing()
    {
        await using var app = await TestApp.StartAsync(null, ("Lovage:Limits:PayloadBytesMax", "2048"));
        await app.Jobs.EnqueueAsync(Job.Create("n", new string('x', 1_900)), Cancel);

        var refused = await Assert.ThrowsAsync<PayloadTooLargeException>(
            async () => await app.Jobs.EnqueueAsync(Job.Create("n", new string('x', 2_100)), Cancel));
        Assert.Equal(2048, refused.SizeBytesMax);
        await Assert.ThrowsAsync<PayloadTooLargeException>(async () =>
            await app.Jobs.EnqueueAsync([Job.Create("n"), Job.Create("n", new string('x', 2_100))], Cancel));
        Assert.Single((await app.Inspector.ListAsync(cancellationToken: Cancel)).Jobs);
    }

    [Fact]
    public async Task EnqueueAsync_InsideATrace_SendsItAlongAndRecordsASpan()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Lovage" or "test",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        await using var app = await TestApp.StartAsync();
        using var source = new ActivitySource("test");
        using var caller = source.StartActivity("request")!;
        caller.TraceStateString = "vendor=1";

        var handle = await app.Jobs.EnqueueAsync(Job.Create("n") with { Queue = "mail" }, Cancel);

        var span = Assert.Single(
            spans, activity => activity.Source.Name == "Lovage" && activity.TraceId == caller.TraceId);
        Assert.Equal((ActivityKind.Producer, "send mail"), (span.Kind, span.OperationName));
        Assert.Equal(handle.Id.Value, span.GetTagItem("messaging.message.id"));
        var headers = (await app.Inspector.FindAsync(handle.Id, Cancel))!.Message.Headers;
        Assert.Equal((span.Id, "vendor=1"), (headers["traceparent"], headers["tracestate"]));
    }

    [Fact]
    public async Task EnqueueAsync_AnyNumberOfJobs_GoesInBatchesOfAThousandInOrder()
    {
        await using var storage = new GatedStorage();
        await using var app = await TestApp.StartAsync(lovage => lovage.UseStorage(storage));
        var jobs = Enumerable.Range(0, 2_500)
            .Select(i => Job.Create("n", i) with { Id = JobId.Parse($"j{i}") })
            .ToList();
        var enqueue = app.Jobs.EnqueueAsync(jobs, Cancel).AsTask();

        int[] expected = [1_000, 1_000, 500];
        for (var i = 0; i < expected.Length; i++)
        {
            var write = await storage.WriteAsync(i);
            Assert.Equal(expected[i], write.Messages.Count);
            Assert.Equal($"j{i * 1_000}", write.Messages[0].Id.Value);
            write.Accept();
        }

        Assert.Equal(jobs.Select(job => job.Id!.Value), (await enqueue).Select(handle => handle.Id));
    }

    [Fact]
    public async Task EnqueueAsync_SecondBatchFails_SaysHowManyAreStored()
    {
        await using var storage = new GatedStorage();
        await using var app = await TestApp.StartAsync(lovage => lovage.UseStorage(storage));
        var enqueue = app.Jobs.EnqueueAsync(Enumerable.Range(0, 1_500).Select(i => Job.Create("n", i)).ToList(), Cancel)
            .AsTask();
        (await storage.WriteAsync(0)).Accept();
        (await storage.WriteAsync(1)).Fail(new StorageException("Gone.", isTransient: true));

        var fault = await Assert.ThrowsAsync<StorageException>(() => enqueue);
        Assert.Equal("Gone. Of 1,500 jobs the first 1,000 are stored.", fault.Message);
    }

    [Fact]
    public async Task EnqueueAsync_ManyBatches_ThreeAreOnTheirWayAtOnce()
    {
        await using var storage = new GatedStorage();
        await using var app = await TestApp.StartAsync(lovage => lovage.UseStorage(storage));
        var enqueue = app.Jobs.EnqueueAsync(Enumerable.Range(0, 5_000).Select(i => Job.Create("n", i)).ToList(), Cancel)
            .AsTask();
        var third = await storage.WriteAsync(2);
        Assert.Equal(3, storage.Writes.Count);

        // The oldest makes way for the next, not the one that happens to end first.
        third.Accept();
        (await storage.WriteAsync(1)).Accept();
        Assert.Equal(3, storage.Writes.Count);
        (await storage.WriteAsync(0)).Accept();
        (await storage.WriteAsync(3)).Accept();
        (await storage.WriteAsync(4)).Accept();
        Assert.Equal(5_000, (await enqueue).Count);
    }

    [Fact]
    public async Task EnqueueAsync_FirstBatchFailsWhileOthersAreOnTheirWay_WaitsForThemAndSaysHowManyAreStored()
    {
        await using var storage = new GatedStorage();
        await using var app = await TestApp.StartAsync(lovage => lovage.UseStorage(storage));
        var enqueue = app.Jobs.EnqueueAsync(Enumerable.Range(0, 5_000).Select(i => Job.Create("n", i)).ToList(), Cancel)
            .AsTask();
        var third = await storage.WriteAsync(2);
        (await storage.WriteAsync(0)).Fail(new StorageException("Gone.", isTransient: true));
        (await storage.WriteAsync(1)).Fail(new StorageException("Gone too.", isTransient: true));
        Assert.False(enqueue.IsCompleted);
        third.Accept();

        var fault = await Assert.ThrowsAsync<StorageException>(() => enqueue);
        Assert.Equal("Gone. Of 5,000 jobs the first 0 are stored, and 1,000 of those after them.", fault.Message);
        Assert.Equal(3, storage.Writes.Count);
    }

    [Fact]
    public async Task EnqueueAsync_OneOfManyHasAnotherJobsId_StoresTheOthersAndThrows()
    {
        await using var app = await TestApp.StartAsync();
        await app.Jobs.EnqueueAsync(Job.Create("n", 1) with { Id = JobId.Parse("taken") }, Cancel);

        await Assert.ThrowsAsync<JobIdConflictException>(async () =>
            await app.Jobs.EnqueueAsync(
                [Job.Create("n", 2), Job.Create("n", 3) with { Id = JobId.Parse("taken") }, Job.Create("n", 4)],
                Cancel));
        Assert.Equal(3, (await app.Inspector.ListAsync(cancellationToken: Cancel)).Jobs.Count);
    }

    [Fact]
    public async Task EnqueueAsync_NoJobs_ReturnsNoHandles()
    {
        await using var app = await TestApp.StartAsync();
        Assert.Empty(await app.Jobs.EnqueueAsync(Array.Empty<Job>(), Cancel));
    }

    [Fact]
    public async Task EnqueueAsync_QueueHoldsItsMost_IsRefusedUntilThereIsRoom()
    {
        await using var app = await TestApp.StartAsync(null, ("Lovage:Limits:PendingMax", "3"));
        var first = await app.Jobs.EnqueueAsync(Job.Create("n"), Cancel);
        await app.Jobs.EnqueueAsync([Job.Create("n"), Job.Create("n")], Cancel);

        var full = await Assert.ThrowsAsync<QueueFullException>(
            async () => await app.Jobs.EnqueueAsync(Job.Create("n"), Cancel));
        Assert.Equal("default", full.Queue);
        Assert.Contains("Lovage:Limits:PendingMax", full.Message, StringComparison.Ordinal);
        await app.Jobs.EnqueueAsync(Job.Create("n") with { Queue = "other" }, Cancel);

        await first.CancelAsync("room", Cancel);
        app.Time.Advance(TimeSpan.FromSeconds(1));
        await app.Jobs.EnqueueAsync(Job.Create("n"), Cancel);
    }

    [Fact]
    public async Task EnqueueAsync_HostNotStarted_SaysSo()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddLovage(options => options.Storage = "memory:");
        using var host = builder.Build();

        var fault = await Assert.ThrowsAsync<StorageException>(
            async () => await host.Services.GetRequiredService<JobClient>().EnqueueAsync(Job.Create("n"), Cancel));
        Assert.Contains("Start the host first", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FindAsync_KnownAndUnknown_TellsThemApart()
    {
        await using var app = await TestApp.StartAsync();
        var handle = await app.Jobs.EnqueueAsync(Job.Create("n"), Cancel);

        Assert.Equal(("n", JobState.Queued), (await app.Jobs.FindAsync(handle.Id, Cancel)) is { } found
            ? (found.Name, found.State)
            : default);
        var unknown = await app.Jobs.FindAsync(JobId.Parse("unknown"), Cancel);
        Assert.Equal((null, "PENDING"), (unknown, unknown.CeleryWord));
        Assert.Null(await app.Jobs.GetHandle(JobId.Parse("unknown")).FindAsync(Cancel));
    }

    [Fact]
    public async Task CancelAsync_QueuedJob_EndsIt()
    {
        await using var app = await TestApp.StartAsync();
        var handle = await app.Jobs.EnqueueAsync(Job.Create("n"), Cancel);

        Assert.Equal(
            new CancelResult(CancelStatus.Cancelled, JobState.Cancelled),
            await app.Jobs.CancelAsync(handle.Id, "not wanted", Cancel));
        Assert.Equal("REVOKED", (await handle.FindAsync(Cancel)).CeleryWord);
        Assert.Equal(
            new CancelResult(CancelStatus.AlreadyEnded, JobState.Cancelled),
            await handle.CancelAsync(cancellationToken: Cancel));
        Assert.Equal(
            new CancelResult(CancelStatus.Unknown, null),
            await app.Jobs.CancelAsync(JobId.Parse("unknown"), cancellationToken: Cancel));
    }

    private sealed class SomeTransaction : System.Data.Common.DbTransaction
    {
        public override System.Data.IsolationLevel IsolationLevel => System.Data.IsolationLevel.Serializable;

        protected override System.Data.Common.DbConnection? DbConnection => null;

        public override void Commit()
        {
        }

        public override void Rollback()
        {
        }
    }

    private sealed class Spiteful
    {
        public string Name => throw new InvalidTimeZoneException("Not today.");
    }
}
