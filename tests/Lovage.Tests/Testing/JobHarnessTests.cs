using Lovage.Storage;
using Lovage.Testing;
using Lovage.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Testing;

public sealed partial class JobHarnessTests
{
    private static readonly JobDefinition Shout = new("shout", static invocation =>
    {
        var reader = invocation.ReadArguments();
        var text = reader.Read<string>("text");
        reader.End();
        LogShout(invocation.Services.GetRequiredService<ILoggerFactory>().CreateLogger("shouting"), text);
        invocation.Context.Progress.Report(1, "done");
        invocation.SetResult(text.ToUpperInvariant());
        return default;
    });

    private static readonly JobDefinition Named = new("named", static _ => default)
    {
        Parameters = [new JobParameter("from", typeof(string), false), new JobParameter("to", typeof(string), false)],
    };

    private static readonly JobDefinition Flaky = new("flaky", static invocation =>
        invocation.Context.Attempt < 3 ? throw new TimeoutException($"attempt {invocation.Context.Attempt}") : default)
    {
        Retry = new RetryPolicy { MaxAttempts = 3, Backoff = Backoff.Fixed, Delay = TimeSpan.FromMinutes(10) },
    };

    private static readonly JobDefinition Parent = new("parent", static async invocation =>
        await invocation.Services.GetRequiredService<JobClient>().EnqueueAsync(Job.Create("shout", "child")));

    private static readonly JobDefinition Endless = new("endless", static async invocation =>
        await invocation.Services.GetRequiredService<JobClient>().EnqueueAsync(Job.Create("endless")));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_Job_ReturnsResultProgressAndLogs()
    {
        await using var app = await StartAsync();
        var run = await app.Host.Jobs().RunAsync(Job.Create("shout", "hello"));

        Assert.Equal("HELLO", run.Result<string>());
        Assert.Equal(new JobProgressReport(1, "done"), run.Progress);
        Assert.Equal("shouting hello", Assert.Single(Assert.Single(run.Attempts).Logs).Message);
        Assert.Empty(await app.Host.Jobs().EnqueuedAsync(Cancel));
    }

    [Fact]
    public async Task RunAsync_FailingAttempts_RetriesAtOnce()
    {
        await using var app = await StartAsync();
        var run = await app.Host.Jobs().RunAsync(Job.Create("flaky"));

        Assert.Equal(JobState.Succeeded, run.State);
        Assert.Equal(["attempt 1", "attempt 2", null], run.Attempts.Select(attempt => attempt.Error?.Message));
    }

    [Fact]
    public async Task RunAsync_BadArguments_FailsOnceAndResultThrows()
    {
        await using var app = await StartAsync();
        var run = await app.Host.Jobs().RunAsync(Job.Create("shout", 5));

        Assert.Equal((JobState.Failed, 1), (run.State, run.Attempts.Length));
        Assert.Contains(
            "'text' is not a",
            Assert.Throws<JobAssertionException>(() => run.Result<string>()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task DrainAsync_RetriesAndDelays_MovesTheClockUntilAllIsDone()
    {
        await using var app = await StartAsync();
        var start = app.Time.GetUtcNow();
        var flaky = await app.Jobs.EnqueueAsync(Job.Create("flaky") with { Delay = TimeSpan.FromHours(1) }, Cancel);
        var parent = await app.Jobs.EnqueueAsync(Job.Create("parent"), Cancel);

        Assert.Equal(5, await app.Host.Jobs().DrainAsync(Cancel));

        Assert.Equal(JobState.Succeeded, (await flaky.FindAsync(Cancel))?.State);
        Assert.Equal(3, (await flaky.GetAttemptsAsync(Cancel)).Count);
        Assert.Equal(JobState.Succeeded, (await parent.FindAsync(Cancel))?.State);
        Assert.InRange(app.Time.GetUtcNow() - start, TimeSpan.FromMinutes(80), TimeSpan.FromMinutes(80.1));
    }

    [Fact]
    public async Task DrainAsync_JobsWithoutEnd_Throws()
    {
        await using var app = await StartAsync();
        await app.Jobs.EnqueueAsync(Job.Create("endless"), Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await app.Host.Jobs().DrainAsync(Cancel));
    }

    [Fact]
    public async Task UseInlineJobs_Enqueue_HasRunWithItsRetriesWhenItReturns()
    {
        await using var app = await StartAsync(inline: true);
        var shout = await app.Jobs.EnqueueAsync(Job.Create<string>("shout", "hi"), Cancel);
        Assert.Equal("HI", await shout.GetResultAsync(Cancel));

        var start = app.Time.GetUtcNow();
        var flaky = await app.Jobs.EnqueueAsync(Job.Create("flaky"), Cancel);
        Assert.Equal(
            (JobState.Succeeded, 3),
            (await flaky.FindAsync(Cancel)) is { } found ? (found.State, found.Attempts) : default);
        Assert.Equal(start, app.Time.GetUtcNow());

        var unknown = await app.Jobs.EnqueueAsync(Job.Create("unknown"), Cancel);
        Assert.Equal(JobState.Dead, (await unknown.FindAsync(Cancel))?.State);
    }

    [Fact]
    public async Task UseInlineJobs_JobWithADelay_WaitsForTheDrain()
    {
        await using var app = await StartAsync(inline: true);
        var later = await app.Jobs.EnqueueAsync(
            Job.Create<string>("shout", "later") with { Delay = TimeSpan.FromDays(1) }, Cancel);
        Assert.Equal(JobState.Scheduled, (await later.FindAsync(Cancel))?.State);
        await app.Host.Jobs().DrainAsync(Cancel);
        Assert.Equal("LATER", await later.GetResultAsync(Cancel));
    }

    [Fact]
    public async Task ShouldHaveEnqueuedAsync_Met_ReturnsTheJobs()
    {
        await using var app = await StartAsync();
        await app.Jobs.EnqueueAsync([
            Job.Create("mail.welcome", "a@b.c") with { Queue = "mail" },
            Job.Create("mail.welcome", "d@e.f") with { Queue = "mail" },
            Job.Create("other"),
        ], Cancel);

        Assert.Equal(
            2,
            (await app.Host.Jobs()
                .ShouldHaveEnqueuedAsync("mail.welcome", queue: "mail", times: 2, cancellationToken: Cancel)).Count);
        Assert.Single(await app.Host.Jobs()
            .ShouldHaveEnqueuedAsync("mail.welcome", arguments: ["d@e.f"], cancellationToken: Cancel));
        await app.Host.Jobs().ShouldNotHaveEnqueuedAsync("mail.goodbye", cancellationToken: Cancel);
    }

    [Fact]
    public async Task ShouldHaveEnqueuedAsync_ArgumentsByName_AreComparedInTheOrderOfTheParameters()
    {
        await using var app = await StartAsync();
        await app.Jobs.EnqueueAsync(
            Job.Create("named", JobArguments.Of([], [new("from", "a"), new("to", "b")])), Cancel);

        Assert.Single(await app.Host.Jobs()
            .ShouldHaveEnqueuedAsync("named", arguments: ["a", "b"], cancellationToken: Cancel));
        await Assert.ThrowsAsync<JobAssertionException>(async () => await app.Host.Jobs()
            .ShouldHaveEnqueuedAsync("named", arguments: ["b", "a"], cancellationToken: Cancel));
    }

    [Fact]
    public async Task ShouldHaveEnqueuedAsync_NotMet_ListsWhatWasEnqueuedAndWhatDiffers()
    {
        await using var app = await StartAsync();
        await app.Jobs.EnqueueAsync(Job.Create("mail.welcome", "a@b.c"), Cancel);

        var failure = await Assert.ThrowsAsync<JobAssertionException>(async () =>
            await app.Host.Jobs().ShouldHaveEnqueuedAsync(
                "mail.welcome", queue: "mail", arguments: ["x@y.z"], cancellationToken: Cancel));
        Assert.Equal(
            """
            Expected at least one job 'mail.welcome' on queue 'mail' with ["x@y.z"], found 0. 1 were enqueued:
              mail.welcome on 'default' ["a@b.c"] (Queued): queue 'default' is not 'mail';
            """ + """ arguments ["a@b.c"] are not ["x@y.z"]""",
            failure.Message);
        await Assert.ThrowsAsync<JobAssertionException>(
            async () => await app.Host.Jobs().ShouldNotHaveEnqueuedAsync("mail.welcome", cancellationToken: Cancel));
    }

    [LoggerMessage(1, LogLevel.Information, "shouting {Text}")]
    private static partial void LogShout(ILogger logger, string text);

    private static Task<TestApp> StartAsync(bool inline = false) => TestApp.StartAsync(lovage =>
    {
        lovage.AddJob(Shout).AddJob(Flaky).AddJob(Named).AddJob(Parent).AddJob(Endless);
        if (inline)
        {
            lovage.UseInlineJobs();
        }
    });
}
