using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Clients;

public sealed class JobInspectorTests
{
    private static readonly ChangeResult Refused = new(ChangeStatus.NotPossible, JobState.Queued);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CancelAsync_OneAndSeveral_SayWhatBecameOfEach()
    {
        await using var app = await TestApp.StartAsync();
        var ids = await EnqueueAsync(app, 3);

        Assert.Equal(
            new CancelResult(CancelStatus.Cancelled, JobState.Cancelled),
            await app.Inspector.CancelAsync(ids[0], "not wanted", Cancel));
        Assert.Equal("not wanted", (await app.Inspector.FindAsync(ids[0], Cancel))?.Reason);
        Assert.Equal(
            [
                new(CancelStatus.AlreadyEnded, JobState.Cancelled),
                new(CancelStatus.Cancelled, JobState.Cancelled),
                new(CancelStatus.Unknown, null),
            ],
            await app.Inspector.CancelAsync([ids[0], ids[1], JobId.Parse("unknown")], cancellationToken: Cancel));
        Assert.Equal(1, (await QueueAsync(app, "default")).Ready);
    }

    [Fact]
    public async Task RequeueAsync_EndedJob_RunsAgain()
    {
        await using var app = await TestApp.StartAsync(
            lovage => lovage.AddJob(new JobDefinition("n", static _ => default)));
        var ids = await EnqueueAsync(app, 2);
        Assert.Equal(Refused, await app.Inspector.RequeueAsync(ids[0], Cancel));
        await app.Host.Jobs().DrainAsync(Cancel);

        Assert.Equal(ChangeStatus.Changed, (await app.Inspector.RequeueAsync(ids[0], Cancel)).Status);
        Assert.Equal(
            [ChangeStatus.NotPossible, ChangeStatus.Changed, ChangeStatus.Unknown],
            (await app.Inspector.RequeueAsync([.. ids, JobId.Parse("unknown")], Cancel)).Select(static r => r.Status));
        Assert.Equal(2, await app.Host.Jobs().DrainAsync(Cancel));
        Assert.Equal([1, 2], (await app.Inspector.AttemptsAsync(ids[0], Cancel)).Select(static a => a.Number));
    }

    [Fact]
    public async Task DeleteAsync_EndedJob_IsGone_OthersStay()
    {
        await using var app = await TestApp.StartAsync();
        var ids = await EnqueueAsync(app, 2);
        await app.Inspector.CancelAsync(ids[0], cancellationToken: Cancel);

        Assert.Equal(
            [ChangeStatus.Changed, ChangeStatus.NotPossible, ChangeStatus.Unknown],
            (await app.Inspector.DeleteAsync([.. ids, JobId.Parse("unknown")], Cancel)).Select(static r => r.Status));
        Assert.Null(await app.Inspector.FindAsync(ids[0], Cancel));
        Assert.Equal(JobState.Queued, (await app.Inspector.FindAsync(ids[1], Cancel))?.State);
    }

    [Fact]
    public async Task RunNowAsync_DelayedJob_IsReady()
    {
        await using var app = await TestApp.StartAsync();
        var later = (await app.Jobs.EnqueueAsync(Job.Create("n") with { Delay = TimeSpan.FromHours(1) }, Cancel)).Id;
        var ready = (await EnqueueAsync(app, 1))[0];

        Assert.Equal(
            [ChangeStatus.Changed, ChangeStatus.NotPossible],
            (await app.Inspector.RunNowAsync([later, ready], Cancel)).Select(static r => r.Status));
        Assert.Equal([ready, later], (await app.Inspector.PeekAsync("default", cancellationToken: Cancel))
            .Select(static message => message.Id));
    }

    [Fact]
    public async Task MoveAsync_ReadyAndDelayedJobs_TakeQueueAndPriority()
    {
        await using var app = await TestApp.StartAsync();
        var ready = (await EnqueueAsync(app, 1))[0];
        var later = (await app.Jobs.EnqueueAsync(Job.Create("n") with { Delay = TimeSpan.FromHours(1) }, Cancel)).Id;

        Assert.Equal(
            [ChangeStatus.Changed, ChangeStatus.Changed],
            (await app.Inspector.MoveAsync([ready, later], new JobMove("slow", 7), Cancel))
                .Select(static r => r.Status));
        Assert.All(
            (await app.Inspector.ListAsync(cancellationToken: Cancel)).Jobs,
            static job => Assert.Equal(("slow", 7), (job.Queue, job.Message.Priority)));
        var slow = await QueueAsync(app, "slow");
        Assert.Equal((1, 1), (slow.Ready, slow.Scheduled));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await app.Inspector.MoveAsync([ready], new JobMove(), Cancel));
    }

    [Fact]
    public async Task PurgeAsync_MoreThanABatch_CancelsReadyAndDelayedJobsOfThatQueueOnly()
    {
        await using var app = await TestApp.StartAsync();
        var ids = await EnqueueAsync(app, 2_300);
        await app.Jobs.EnqueueAsync(
            [.. Enumerable.Range(0, 200).Select(_ => Job.Create("n") with { Delay = TimeSpan.FromHours(1) })], Cancel);
        var other = (await app.Jobs.EnqueueAsync(Job.Create("n") with { Queue = "other" }, Cancel)).Id;
        var wait = app.Jobs.GetHandle(ids[^1]).WaitAsync(cancellationToken: Cancel).AsTask();

        Assert.Equal(2_500, await app.Inspector.PurgeAsync("default", Cancel));

        var left = await QueueAsync(app, "default");
        Assert.Equal((0, 0), (left.Ready, left.Scheduled));
        var purged = (await app.Inspector.FindAsync(ids[0], Cancel))!;
        Assert.Equal((JobState.Cancelled, "purged"), (purged.State, purged.Reason));
        Assert.Equal(JobState.Cancelled, (await Assert.ThrowsAsync<JobFailedException>(() => wait)).State);
        Assert.Equal(JobState.Queued, (await app.Inspector.FindAsync(other, Cancel))?.State);
        Assert.Equal(0, await app.Inspector.PurgeAsync("default", Cancel));
        Assert.Equal(0, await app.Inspector.PurgeAsync("empty", Cancel));
    }

    [Fact]
    public async Task PurgeAsync_QueueThatFillsMeanwhile_EndsAndLeavesTheNewJobs()
    {
        await using var app = await TestApp.StartAsync();
        await EnqueueAsync(app, 1_500);
        var storage = app.Host.Services.GetRequiredService<StorageGate>().Storage;
        var added = 0;
        using (storage.Signals.Subscribe(
            _ =>
            {
                var published = storage.Broker.PublishAsync([Message($"new-{added++}")], Cancel);
                Assert.True(published.IsCompletedSuccessfully, "the memory storage answers at once");
            },
            SignalKind.JobEnded))
        {
            Assert.Equal(1_500, await app.Inspector.PurgeAsync("default", Cancel));
        }

        Assert.Equal((1_500, 1_500L), (added, (await QueueAsync(app, "default")).Ready));
        Assert.Equal(JobState.Queued, (await app.Inspector.FindAsync(JobId.Parse("new-0"), Cancel))?.State);
    }

    [Fact]
    public async Task WorkersAsync_AWorkerBeats_IsListedUntilItLeaves()
    {
        await using var app = await TestApp.StartAsync();
        Assert.Empty(await app.Inspector.WorkersAsync(Cancel));
        var directory = app.Host.Services.GetRequiredService<StorageGate>().Storage.Workers!;
        var owner = new WorkerOwner("boot", "1", 2, 3, "a");
        await directory.BeatAsync(
            new WorkerBeat
            {
                Owner = owner,
                Host = "host",
                Version = "1.0",
                StartedAt = app.Time.GetUtcNow(),
                Queues = ["mail"],
                Slots = 4,
                Running = 1,
                Names = new JobNameSet(["n"]),
            }, Cancel);

        var worker = Assert.Single(await app.Inspector.WorkersAsync(Cancel));
        Assert.Equal(
            (owner.Key, "host", 4, 1, true, false),
            (worker.Owner, worker.Host, worker.Slots, worker.Running, worker.CanRun("mail", "n"),
                worker.CanRun("mail", "other")));
        await directory.LeaveAsync(owner, Cancel);
        Assert.Empty(await app.Inspector.WorkersAsync(Cancel));
    }

    [Fact]
    public async Task CatalogAsync_AWorkerOfTheApp_DescribesItsJobs()
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage.AddWorker().AddJob(
            new JobDefinition("mail.send", static _ => default)
            {
                Queue = "mail",
                Aliases = ["mail.old"],
                Parameters =
                [
                    new("to", typeof(string), false),
                    new("key", typeof(string), true) { IsSensitive = true },
                ],
            }));

        var known = Assert.Single(await app.Inspector.CatalogAsync(Cancel));

        Assert.Equal(("mail.send", "mail", 1), (known.Job.Name, known.Job.Queue, known.Workers));
        Assert.Equal(["mail.old"], known.Job.Aliases);
        Assert.Equal([new("to", false, false), new("key", true, true)], known.Job.Parameters!);
        Assert.Equal(["key#2"], known.Job.SensitiveParameters);
    }

    [Fact]
    public async Task CatalogAsync_SeveralWorkers_IsTheUnionWithTheNewestDescriptionAndAllThatAnyHides()
    {
        await using var app = await TestApp.StartAsync();
        var directory = app.Host.Services.GetRequiredService<StorageGate>().Storage.Workers!;
        JobCatalogEntry[][] versions =
        [
            [
                new()
                {
                    Name = "a",
                    Parameters = [new("p", false, true)],
                    SensitiveParameters = ["p#1"],
                    Schema = "{}",
                },
                new() { Name = "c", Parameters = [] },
            ],
            [
                new() { Name = "a", Queue = "q", Parameters = [], Schema = "true", Aliases = ["z"] },
                new() { Name = "c" },
            ],
        ];
        for (var i = 0; i < 3; i++)
        {
            await directory.BeatAsync(
                new WorkerBeat
                {
                    Owner = new WorkerOwner("boot", "1", 2, 3, $"w{i}"),
                    Host = "host",
                    Version = "1.0",
                    StartedAt = app.Time.GetUtcNow().AddSeconds(i),
                    Queues = ["mail"],
                    Slots = 4,
                    Running = 1,
                    Names = i < 2 ? JobNameSet.Of(versions[i]) : new JobNameSet(["b", "a"]),
                }, Cancel);
        }

        var known = await app.Inspector.CatalogAsync(Cancel);

        Assert.Equal([("a", 3), ("b", 1), ("c", 2)], known.Select(static one => (one.Job.Name, one.Workers)));
        Assert.Equal(("q", "true"), (known[0].Job.Queue, known[0].Job.Schema));
        Assert.Equal(["p#1"], known[0].Job.SensitiveParameters);
        Assert.Equal((null, null), (known[1].Job.Parameters, known[1].Job.Schema));
        Assert.NotNull(known[2].Job.Parameters);
    }

    [Fact]
    public async Task WorkersAsync_StorageWithoutADirectory_ListsNone()
    {
        await using var storage = new GatedStorage();
        await using var app = await TestApp.StartAsync(lovage => lovage.UseStorage(storage));

        Assert.Empty(await app.Inspector.WorkersAsync(Cancel));
        Assert.Empty(await app.Inspector.CatalogAsync(Cancel));
        var refused = await Assert.ThrowsAsync<StorageException>(
            async () => await app.Inspector.FindAsync(JobId.Parse("a"), Cancel));
        Assert.Contains("keeps no records of jobs", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<List<JobId>> EnqueueAsync(TestApp app, int count) =>
        [.. (await app.Jobs.EnqueueAsync([.. Enumerable.Range(0, count).Select(_ => Job.Create("n"))], Cancel))
            .Select(static handle => handle.Id)];

    private static async Task<QueueStatus> QueueAsync(TestApp app, string name) =>
        (await app.Inspector.QueuesAsync(Cancel)).Single(queue => queue.Queue == name);

    private static JobMessage Message(string id) => new()
    {
        Id = JobId.Parse(id),
        Name = "n",
        Queue = "default",
        Body = "[[],{},{}]"u8.ToArray(),
    };
}
