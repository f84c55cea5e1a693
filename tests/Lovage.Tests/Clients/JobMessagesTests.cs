using System.Text.Json;
using Lovage.Protocol;
using Lovage.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Clients;

/// <summary>What a job, its schedule and a task of this process have in common: their messages.</summary>
public sealed class JobMessagesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2, 3, 4, 2)]
    [InlineData(null, 3, 4, 3)]
    [InlineData(null, null, 4, 4)]
    [InlineData(null, null, null, null)]
    public void AttemptLimit_OwnThenDefinitionThenPolicy(int? own, int? definition, int? policy, int? expected)
    {
        var job = new JobDefinition("n", static _ => default) { MaxAttempts = definition };

        Assert.Equal(expected, AttemptLimit.Of(own, job, new RetryPolicy { MaxAttempts = policy }));
        Assert.Equal(own ?? policy, AttemptLimit.Of(own, null, new RetryPolicy { MaxAttempts = policy }));
    }

    [Fact]
    public async Task EnqueueAsync_AnOptionalParameterIsWritten_TheMessageSaysHowManyAreNeeded()
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage
            .AddJob(new JobDefinition("known", static _ => default)
            {
                Parameters = [new("a", typeof(int), false), new("b", typeof(int), true), new("c", typeof(int), true)],
            }));
        Job[] jobs =
        [
            Job.Create("known", 1),
            Job.Create("known", 1, 2),
            Job.Create("known", JobArguments.Of([1], [new("c", 3)])),
            Job.Create("unknown", 1, 2, 3),
            Job.Create("unknown", new Typed()),
        ];

        var handles = await app.Jobs.EnqueueAsync(jobs, Cancel);

        var marks = new List<int>();
        foreach (var handle in handles)
        {
            marks.Add((await handle.FindAsync(Cancel))!.Message.Parameters);
        }

        Assert.Equal([0, 2, 3, 0, 2], marks);
    }

    [Fact]
    public async Task EnqueueAsync_SensitiveParameters_AreThoseOfCallerAndDefinition()
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage.AddJob(Login));
        var plain = await app.Jobs.EnqueueAsync(Job.Create("other", "x"), Cancel);
        var named = await app.Jobs.EnqueueAsync(Job.Create("other", "x") with { SensitiveParameters = ["*"] }, Cancel);
        var known = await app.Jobs.EnqueueAsync(
            Job.Create("login", "ada", "hunter2") with { SensitiveParameters = ["user#1"] }, Cancel);

        Assert.Empty((await plain.FindAsync(Cancel))!.Message.SensitiveParameters);
        Assert.Equal(["*"], (await named.FindAsync(Cancel))!.Message.SensitiveParameters);
        Assert.Equal(["user#1", "password#2"], (await known.FindAsync(Cancel))!.Message.SensitiveParameters);
    }

    [Fact]
    public async Task EnqueueAsync_ArgumentsAreRefused_TheTextHasNoSecret()
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage.AddJob(Login));

        var refusal = await Assert.ThrowsAsync<BadArgumentsException>(
            async () => await app.Jobs.EnqueueAsync(Job.Create("login", "ada", "hunter2", "extra"), Cancel));
        var typed = await Assert.ThrowsAsync<BadArgumentsException>(
            async () => await app.Jobs.EnqueueAsync(
                Job.Create("any", new Refusing("hunter2")) with { SensitiveParameters = ["password#1"] }, Cancel));
        var broken = await Assert.ThrowsAsync<BadArgumentsException>(
            async () => await app.Jobs.EnqueueAsync(
                Job.Create("any", new Refusing(null)) with { SensitiveParameters = ["password#1"] }, Cancel));
        var open = await Assert.ThrowsAsync<BadArgumentsException>(
            async () => await app.Jobs.EnqueueAsync(Job.Create("any", new Refusing("hunter2")), Cancel));

        Assert.Equal(
            ("login", "password", "Job 'login': '[hidden]' is no password."),
            (refusal.Job, refusal.Parameter, refusal.Message));
        Assert.Null(refusal.InnerException);
        Assert.Equal("Job 'any': '[hidden]' is no password.", typed.Message);
        Assert.Equal("[hidden]", broken.Message);
        Assert.Equal("Job 'any': 'hunter2' is no password.", open.Message);
    }

    [Fact]
    public async Task EnqueueAsync_InsideAnAttempt_NamesItsRootAndParent()
    {
        var seen = new List<(string Root, string? Parent)>();
        await using var app = await TestApp.StartAsync(lovage => lovage
            .AddFilter<Pass>()
            .AddJob(new JobDefinition("parent", static invocation => new ValueTask(
                invocation.Services.GetRequiredService<JobClient>()
                    .EnqueueAsync(Job.Create("child") with { Id = JobId.Parse("b") })
                    .AsTask())))
            .AddJob(new JobDefinition("child", invocation =>
            {
                seen.Add((invocation.Context.RootId, invocation.Context.ParentId));
                return invocation.Services.GetRequiredService<JobClient>() is var jobs && seen.Count == 1
                    ? new ValueTask(jobs.EnqueueAsync([Job.Create("child") with { Id = JobId.Parse("c") }]).AsTask())
                    : default;
            })));
        await app.Jobs.EnqueueAsync(Job.Create("parent") with { Id = JobId.Parse("a") }, Cancel);
        await app.Host.Jobs().DrainAsync(Cancel);

        Assert.Equal([("a", "a"), ("a", "b")], seen);
        Assert.Equal(
            (null, null),
            (await app.Jobs.FindAsync(JobId.Parse("a"), Cancel)) is { } first
                ? (first.Message.RootId, first.Message.ParentId)
                : ("", ""));
    }

    [Fact]
    public async Task EnqueueAsync_TagsOfCallerAndFilter_FindTheJob()
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage.AddFilter<Tenant>());
        var handle = await app.Jobs.EnqueueAsync(Job.Create("mail") with { Tags = ["order:42"] }, Cancel);
        await app.Jobs.EnqueueAsync(Job.Create("mail"), Cancel);

        Assert.Equal(["order:42", "tenant:acme"], (await handle.FindAsync(Cancel))!.Tags);
        var inspector = app.Host.Services.GetRequiredService<JobInspector>();
        var found = await inspector.ListAsync(new JobQuery { Tag = "order:42" }, Cancel);
        Assert.Equal([handle.Id], found.Jobs.Select(static job => job.Id));
        Assert.Equal(2, (await inspector.CountAsync(new JobQuery { Tag = "tenant:acme" }, 10, Cancel)).Value);
    }

    [Fact]
    public async Task ScheduleAddAsync_JobWithTags_KeepsThemForEachRun()
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage
            .AddJob(new JobDefinition("mail", static _ => default)));
        var schedules = app.Host.Services.GetRequiredService<ScheduleClient>();
        var job = Job.Create("mail") with { Tags = ["a"] };
        await schedules.AddAsync("s", Every.Hours(1), job, cancellationToken: Cancel);
        await schedules.RunNowAsync("s", Cancel);

        var found = await app.Host.Services.GetRequiredService<JobInspector>().ListAsync(
            new JobQuery { Tag = "a" }, Cancel);
        Assert.Equal(["a"], Assert.Single(found.Jobs).Tags);
    }

    [Fact]
    public async Task Spawn_InsideAnAttempt_NamesItsRootAndParent()
    {
        (string Root, string? Parent)? seen = null;
        await using var app = await TestApp.StartAsync(lovage => lovage
            .AddJob(new JobDefinition("parent", static async invocation =>
                await invocation.Services.GetRequiredService<TaskSpawner>().Spawn(Job.Create("child"))))
            .AddJob(new JobDefinition("child", invocation =>
            {
                seen = (invocation.Context.RootId, invocation.Context.ParentId);
                return default;
            })));
        await app.Jobs.EnqueueAsync(Job.Create("parent") with { Id = JobId.Parse("a") }, Cancel);
        await app.Host.Jobs().DrainAsync(Cancel);

        Assert.Equal(("a", "a"), seen);
    }

    [Fact]
    public async Task ScheduleAddAsync_InsideAnAttempt_KeepsNoParent_ItsRunByHandNamesOne()
    {
        await using var app = await TestApp.StartAsync(lovage => lovage
            .AddJob(new JobDefinition("parent", static async invocation =>
            {
                var schedules = invocation.Services.GetRequiredService<ScheduleClient>();
                await schedules.AddAsync("s", Every.Hours(1), Job.Create("child"));
                await schedules.RunNowAsync("s");
            }))
            .AddJob(new JobDefinition("child", static _ => default)));
        await app.Jobs.EnqueueAsync(Job.Create("parent") with { Id = JobId.Parse("a") }, Cancel);
        await app.Host.Jobs().DrainAsync(Cancel);
        var schedules = app.Host.Services.GetRequiredService<StorageGate>().Storage.Schedules!;

        var template = (await schedules.FindAsync("s", Cancel))!.Job;
        Assert.Equal((null, null), (template.RootId, template.ParentId));
        var manual = (await app.Inspector.ListAsync(new JobQuery { Name = "child" }, Cancel)).Jobs[0].Message;
        Assert.Equal(("a", "a"), (manual.RootId, manual.ParentId));
    }

    [Fact]
    public async Task MakeLocal_Job_HasNoBodyNoDueTimeAndNoExpiry()
    {
        await using var app = await TestApp.StartAsync();
        var messages = app.Host.Services.GetRequiredService<JobMessages>();
        var definition = new JobDefinition("n", static _ => default) { Queue = "mail" };
        var job = Job.Create("n", 1) with
        {
            Delay = TimeSpan.FromHours(1),
            Expires = TimeSpan.FromHours(1),
            Headers = new Dictionary<string, string> { ["tenant"] = "acme" },
        };

        var message = messages.MakeLocal(job, definition, 4);

        Assert.Equal(
            ("n", "mail", 4, 0, TimeSpan.Zero, null),
            (message.Name, message.Queue, message.MaxAttempts, message.Body.Length, message.Delay, message.Expires));
        Assert.Equal("acme", message.Headers["tenant"]);
    }

    public sealed class Pass : IJobFilter;

    public sealed class Tenant : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
        {
            context.Job = context.Job with { Tags = [.. context.Job.Tags, "tenant:acme"] };
            return next();
        }
    }

    /// <summary>As a generated factory makes them.</summary>
    private sealed class Typed : JobArguments
    {
        public override int Reach => 2;

        public override void WritePositional(Utf8JsonWriter writer, JobSerializer serializer)
        {
            serializer.WriteArgument(writer, 1, "a");
            serializer.WriteArgument(writer, 2, "b");
        }
    }

    private static JobDefinition Login { get; } = new("login", static _ => default)
    {
        Parameters =
        [
            new("user", typeof(string), false), new("password", typeof(string), false) { IsSensitive = true },
        ],
        BindArguments = static (job, body, _) =>
            JsonDocument.Parse(body).RootElement[0].GetArrayLength() == 2
                ? JobArguments.None
                : throw new BadArgumentsException(
                    job, "password", "'hunter2' is no password.", new InvalidOperationException("hunter2")),
    };

    /// <summary>Arguments that are refused by their text; without one they cannot be written either.</summary>
    private sealed class Refusing(string? password) : JobArguments
    {
        public override void Validate(string job) =>
            throw new BadArgumentsException(job, "password", $"'{password}' is no password.");

        public override void WritePositional(Utf8JsonWriter writer, JobSerializer serializer) =>
            writer.WriteStringValue(password ?? throw new FormatException("hunter2"));
    }
}
