using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Lovage.Execution;
using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Clients;

/// <summary>Bulk operations, commands, edited jobs and audit records as a console uses them.</summary>
public sealed class JobInspectorOperationTests
{
    /// <summary>Within which a worker, or a runner, has acted.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private static readonly JobQuery Cancelled = new() { States = [JobState.Cancelled] };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StartOperationAsync_AppWithoutWorkers_CarriesItOut()
    {
        await using var app = await TestApp.StartAsync();
        var ids = await EndedAsync(app, 30);

        var started = await app.Inspector.StartOperationAsync(
            BulkAction.RunAgain, Cancelled, new BulkRequest { By = "anna", Reason = "mended" }, Cancel);
        Assert.Equal(
            (BulkState.Running, new BoundedCount(30, true), TimeSpan.Zero, "anna", "mended"),
            (started.State, started.Expected, started.Spread, started.By, started.Reason));
        var ended = await UntilEndedAsync(app, started.Id);

        Assert.Equal((BulkState.Done, 30L), (ended.State, ended.Done));
        Assert.Equal(ended.Id, Assert.Single(await app.Inspector.OperationsAsync(cancellationToken: Cancel)).Id);
        foreach (var id in ids)
        {
            Assert.Equal(JobState.Queued, (await app.Inspector.FindAsync(id, Cancel))?.State);
        }
    }

    [Fact]
    public async Task StartOperationAsync_ManyJobsToRunAgain_AreSpreadUnlessTheCallerSays()
    {
        await using var app = await TestApp.StartAsync(
            settings:
            [
                ("Lovage:Operations:RunAgainAtOnceMax", "20"), ("Lovage:Operations:RunAgainSpread", "00:03:00"),
            ]);
        await EndedAsync(app, 21);

        var spread = await app.Inspector.StartOperationAsync(
            BulkAction.RunAgain, Cancelled, new BulkRequest { Id = "one" }, Cancel);
        Assert.Equal(TimeSpan.FromMinutes(3), spread.Spread);
        Assert.Equal(
            TimeSpan.FromMinutes(1),
            (await app.Inspector.StartOperationAsync(
                BulkAction.RunAgain, Cancelled, new BulkRequest { Spread = TimeSpan.FromMinutes(1) }, Cancel)).Spread);
        Assert.Equal(
            TimeSpan.Zero,
            (await app.Inspector.StartOperationAsync(BulkAction.Cancel, new JobQuery(), null, Cancel)).Spread);

        var again = await app.Inspector.StartOperationAsync(
            BulkAction.Delete, new JobQuery(), new BulkRequest { Id = "one" }, Cancel);
        Assert.Equal((BulkAction.RunAgain, spread.CreatedAt), (again.Action, again.CreatedAt));
        Assert.Equal(3, (await app.Inspector.OperationsAsync(cancellationToken: Cancel)).Count);
    }

    [Theory]
    [InlineData(100, true, false)]
    [InlineData(91, true, false)]
    [InlineData(90, true, true)]
    [InlineData(111, true, false)]
    [InlineData(112, true, true)]
    [InlineData(50, false, false)]
    [InlineData(112, false, true)]
    public async Task StartOperationAsync_OtherNumberThanExpected_IsRefused(int expected, bool isExact, bool isRefused)
    {
        await using var app = await TestApp.StartAsync();
        await EndedAsync(app, 100);
        var request = new BulkRequest { Expected = new BoundedCount(expected, isExact) };
        if (isRefused)
        {
            var fault = await Assert.ThrowsAsync<BulkCountException>(
                async () => await app.Inspector.StartOperationAsync(BulkAction.Delete, Cancelled, request, Cancel));
            Assert.Equal(new BoundedCount(100, true), fault.Count);
            Assert.Empty(await app.Inspector.OperationsAsync(cancellationToken: Cancel));
        }
        else
        {
            await app.Inspector.StartOperationAsync(BulkAction.Delete, Cancelled, request, Cancel);
        }
    }

    [Fact]
    public async Task StartOperationAsync_RequestThatDoesNotFit_IsRefused()
    {
        await using var app = await TestApp.StartAsync();
        (BulkAction, BulkRequest?)[] requests =
        [
            ((BulkAction)9, null),
            (BulkAction.Move, null),
            (BulkAction.Move, new BulkRequest { Target = new JobMove() }),
            (BulkAction.Move, new BulkRequest { Target = new JobMove("no such name") }),
            (BulkAction.Delete, new BulkRequest { Target = new JobMove("mail") }),
            (BulkAction.Delete, new BulkRequest { Id = "" }),
            (BulkAction.Delete, new BulkRequest { Id = new string('x', 129) }),
            (BulkAction.Delete, new BulkRequest { Spread = TimeSpan.FromDays(8) }),
            (BulkAction.Delete, new BulkRequest { Spread = -TimeSpan.FromSeconds(1) }),
        ];
        foreach (var (action, request) in requests)
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(
                async () => await app.Inspector.StartOperationAsync(action, new JobQuery(), request, Cancel));
        }

        Assert.Empty(await app.Inspector.OperationsAsync(cancellationToken: Cancel));
        Assert.Null(await app.Inspector.FindOperationAsync("none", Cancel));
        Assert.Null(await app.Inspector.CancelOperationAsync("none", Cancel));
    }

    [Fact(Timeout = 60_000)]
    public async Task CancelOperationAsync_SpreadOperation_EndsSoon()
    {
        await using var app = await TestApp.StartAsync();
        await EndedAsync(app, 50);
        var started = await app.Inspector.StartOperationAsync(
            BulkAction.RunAgain, Cancelled, new BulkRequest { Spread = TimeSpan.FromHours(1) }, Cancel);
        while ((await app.Inspector.FindOperationAsync(started.Id, Cancel))?.ReportedAt is null)
        {
            await StepAsync(app);
        }

        await app.Inspector.CancelOperationAsync(started.Id, Cancel);
        var most = app.Time.GetUtcNow() + TimeSpan.FromMinutes(1);
        Assert.Equal(BulkState.Cancelled, (await UntilEndedAsync(app, started.Id, most)).State);
        Assert.True(app.Time.GetUtcNow() <= most);
    }

    [Fact(Timeout = 60_000)]
    public async Task ControlAsync_LiveWorkers_Answer()
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage.AddWorker().AddWorker());
        IReadOnlyList<WorkerRecord> live;
        while ((live = await app.Inspector.WorkersAsync(Cancel)).Count < 2)
        {
            await StepAsync(app);
        }

        Assert.True(app.Inspector.HasControl && app.Inspector.HasAudit && app.Inspector.HasOperations);
        var all = await StepUntilAsync(
            app, app.Inspector.ControlAsync(new ControlCommand { Name = ControlCommands.Quiet }, Cancel), Soon);
        Assert.Equal(
            live.Select(static worker => worker.Owner).ToHashSet(),
            all.Replies.Select(static reply => reply.Worker).ToHashSet());
        Assert.Empty(all.Silent);
        Assert.All(all.Replies, static reply => Assert.True(reply.IsDone));

        var one = await StepUntilAsync(app, app.Inspector.ControlAsync(
            new ControlCommand { Name = ControlCommands.Ping, Target = live[1].Owner }, Cancel), Soon);
        Assert.Contains("It is quiet", Assert.Single(one.Replies).Text, StringComparison.Ordinal);
        var gone = await app.Inspector.ControlAsync(
            new ControlCommand { Name = ControlCommands.Ping, Target = "gone" }, Cancel);
        Assert.Equal((0, "gone"), (gone.Replies.Count, Assert.Single(gone.Silent)));
    }

    [Fact]
    public async Task ControlAsync_WorkerThatDoesNotAnswer_IsNamedAtTheDeadline()
    {
        await using var app = await TestApp.StartAsync();
        var owner = WorkerOwners.Current("silent");
        await app.Host.Services.GetRequiredService<JobStorage>().Workers!.BeatAsync(
            new WorkerBeat
            {
                Owner = owner,
                Host = "h",
                Version = "",
                StartedAt = app.Time.GetUtcNow(),
                Queues = ["default"],
                Slots = 1,
                Running = 0,
                Names = new JobNameSet([]),
            },
            Cancel);

        var result = await StepUntilAsync(app, app.Inspector.ControlAsync(
            new ControlCommand { Name = ControlCommands.Ping, Deadline = TimeSpan.FromSeconds(5) }, Cancel));

        Assert.Empty(result.Replies);
        Assert.Equal([owner.Key], result.Silent);
    }

    [Fact]
    public async Task RunAgainWithAsync_EndedJob_IsANewJobWithOtherArguments()
    {
        await using var app = await TestApp.StartAsync(
            static lovage => lovage.AddJob(new JobDefinition("n", static _ => default) { Queue = "mail" }));
        var storage = app.Host.Services.GetRequiredService<JobStorage>();
        var old = new JobMessage
        {
            Id = JobId.Parse("old"),
            Name = "n",
            Queue = "slow",
            Priority = 4,
            MaxAttempts = 6,
            Retries = 2,
            Body = JobBody.Empty,
            GroupId = "group",
            RootId = "root",
            ReplyTo = "reply",
            Tags = ["order:42"],
            Headers = new Dictionary<string, string>
            {
                ["tenant"] = "acme",
                ["lovage_schedule"] = "daily",
                ["lovage_tick"] = "2026-01-01T00:00:00.0000000Z",
                ["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            }.ToImmutableDictionary(),
        };
        await storage.Broker.PublishAsync([old], Cancel);
        Assert.Equal(
            new EditResult(ChangeStatus.NotPossible, JobState.Queued, default),
            await app.Inspector.RunAgainWithAsync(old.Id, Json("""{"who":"ben"}"""), Cancel));
        await app.Inspector.CancelAsync(old.Id, cancellationToken: Cancel);

        var byName = await app.Inspector.RunAgainWithAsync(old.Id, Json("""{"who":"ben"}"""), Cancel);
        var byPlace = await app.Inspector.RunAgainWithAsync(old.Id, Json("[1,\"two\"]"), Cancel);
        var whole = await app.Inspector.RunAgainWithAsync(
            old.Id, Encoding.UTF8.GetBytes("""[[7],{"a":1},null]""").AsMemory(), Cancel);

        Assert.Equal((ChangeStatus.Changed, JobState.Cancelled), (byName.Status, byName.State));
        const string Embed = """{"callbacks":null,"errbacks":null,"chain":null,"chord":null}""";
        Assert.Equal(
            [$$"""[[],{"who":"ben"},{{Embed}}]""", $"[[1,\"two\"],{{}},{Embed}]", """[[7],{"a":1},null]"""],
            [await BodyAsync(byName), await BodyAsync(byPlace), await BodyAsync(whole)]);
        var made = (await app.Inspector.FindAsync(byName.Id, Cancel))!;
        Assert.Equal(
            ("n", "slow", 4, 6, 0, JobState.Queued),
            (
                made.Name,
                made.Queue,
                made.Message.Priority,
                made.MaxAttempts,
                made.Message.Retries,
                made.State));
        Assert.Equal(["order:42"], made.Tags);
        Assert.Equal(
            [("lovage_edited_from", "old"), ("tenant", "acme")],
            made.Message.Headers.Select(static header => (header.Key, header.Value)).Order());
        Assert.Equal((null, null, null), (made.Message.GroupId, made.Message.RootId, made.Message.ReplyTo));
        Assert.Equal(JobState.Cancelled, (await app.Inspector.FindAsync(old.Id, Cancel))?.State);
        Assert.Equal(
            new EditResult(ChangeStatus.Unknown, null, default),
            await app.Inspector.RunAgainWithAsync(JobId.Parse("none"), Json("{}"), Cancel));

        async Task<string> BodyAsync(EditResult result) => Encoding.UTF8.GetString(
            (await app.Inspector.FindAsync(result.Id, Cancel))!.Message.Body.Span);
    }

    [Fact]
    public async Task RunAgainWithAsync_ArgumentsThatDoNotFit_AreRefused()
    {
        await using var app = await TestApp.StartAsync(settings: ("Lovage:Limits:PayloadBytesMax", "1024"));
        var id = (await EndedAsync(app, 1))[0];
        foreach (var text in new[] { "7", "null", "\"text\"" })
        {
            await Assert.ThrowsAsync<BadArgumentsException>(
                async () => await app.Inspector.RunAgainWithAsync(id, Json(text), Cancel));
        }

        foreach (var body in new[] { "", "{}", "[[],{}]", "[{},[],null]", "[[],{},7]" })
        {
            await Assert.ThrowsAsync<BadArgumentsException>(async () => await app.Inspector.RunAgainWithAsync(
                id, Encoding.UTF8.GetBytes(body).AsMemory(), Cancel));
        }

        await Assert.ThrowsAsync<PayloadTooLargeException>(async () => await app.Inspector.RunAgainWithAsync(
            id, Json($"[\"{new string('x', 1_100)}\"]"), Cancel));
        Assert.Single((await app.Inspector.ListAsync(cancellationToken: Cancel)).Jobs);
    }

    [Fact]
    public async Task RecordAsync_WhatAPersonDid_IsRead()
    {
        await using var app = await TestApp.StartAsync();
        await app.Inspector.RecordAsync(
            new AuditRecord { By = "anna", Action = "pause", Target = "queue:mail", Source = "api" }, Cancel);
        await app.Inspector.RecordAsync(
            new AuditRecord { By = "ben", Action = "purge", Target = "queue:mail" }, Cancel);

        Assert.Equal(["ben", "anna"], (await app.Inspector.AuditAsync(null, Cancel)).Select(static one => one.By));
        Assert.Equal("api", Assert.Single(await app.Inspector.AuditAsync(new() { By = "anna" }, Cancel)).Source);
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private static async Task<IReadOnlyList<JobId>> EndedAsync(TestApp app, int count)
    {
        JobId[] ids =
        [
            .. (await app.Jobs.EnqueueAsync(
                [.. Enumerable.Range(0, count).Select(static _ => Job.Create("n"))], Cancel))
                .Select(static handle => handle.Id),
        ];
        await app.Inspector.CancelAsync(ids, cancellationToken: Cancel);
        return ids;
    }

    private static async Task<BulkOperation> UntilEndedAsync(TestApp app, string id, DateTimeOffset? most = null)
    {
        while (true)
        {
            if (await app.Inspector.FindOperationAsync(id, Cancel) is { State: not BulkState.Running } ended)
            {
                return ended;
            }

            await StepAsync(app, most);
        }
    }

    private static async Task<T> StepUntilAsync<T>(TestApp app, ValueTask<T> call, TimeSpan? most = null)
    {
        var task = call.AsTask();
        var end = app.Time.GetUtcNow() + most;
        while (!task.IsCompleted)
        {
            await StepAsync(app, end);
        }

        return await task;
    }

    /// <summary>
    /// Other threads work on: each gets its turn before the clock moves on. It moves up to an instant, so that a
    /// machine without a free core runs into no limit.
    /// </summary>
    private static async Task StepAsync(TestApp app, DateTimeOffset? most = null)
    {
        Cancel.ThrowIfCancellationRequested();
        for (var turn = 0; turn < 5; turn++)
        {
            // It runs behind what the pool has to do already.
            await Task.Run(static () => { }, Cancel);
        }

        if (most is null || app.Time.GetUtcNow() < most)
        {
            app.Time.Advance(TimeSpan.FromMilliseconds(20));
        }
    }
}
