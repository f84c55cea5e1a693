using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Lovage;
using Lovage.Testing;
using Quickstart.Jobs;
using Quickstart.Jobs.Mailing;
using Xunit;

namespace Quickstart.Tests;

/// <summary>Rung 3: durable jobs, run by the test instead of a worker.</summary>
public sealed class JobTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Process_Drained_HasItsResult()
    {
        await using var app = new QuickstartApp();
        using var http = app.CreateClient();

        var id = await EnqueueAsync(http, "/process/", new[] { new { price = 1 }, new { price = 4 } });
        Assert.Equal("PENDING", (await TaskAsync(http, id)).GetProperty("status").GetString());

        // Runs whatever is enqueued; with a fake clock also what is due later, retries included.
        Assert.Equal(1, await app.Services.Jobs().DrainAsync(Cancellation));

        var task = await TaskAsync(http, id);
        Assert.Equal("SUCCESS", task.GetProperty("status").GetString());
        Assert.Equal(
            2.5,
            task.GetProperty("result").GetProperty("columns").GetProperty("price").GetProperty("mean").GetDouble());
    }

    [Fact]
    public async Task Add_InlineMode_HasRunWhenItIsAccepted()
    {
        await using var app = new QuickstartApp(lovage => lovage.UseInlineJobs());
        using var http = app.CreateClient();

        var id = await EnqueueAsync(http, "/jobs/add", new[] { 2, 3 });

        Assert.Equal(5, (await TaskAsync(http, id)).GetProperty("result").GetInt32());
    }

    [Fact]
    public async Task Add_Posted_IsEnqueuedWithItsArguments()
    {
        await using var app = new QuickstartApp();
        using var http = app.CreateClient();

        await EnqueueAsync(http, "/jobs/add?delay=60", new[] { 2, 3 });

        await app.Services.Jobs()
            .ShouldHaveEnqueuedAsync("add", times: 1, arguments: [2, 3], cancellationToken: Cancellation);
        await app.Services.Jobs().ShouldNotHaveEnqueuedAsync("process_data", cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Add_SumThatDoesNotFit_FailsWithoutAnotherTry()
    {
        await using var app = new QuickstartApp();
        _ = app.CreateClient();

        var run = await app.Services.Jobs().RunAsync(TrialJobs.Add(long.MaxValue, 1));

        Assert.Equal((JobState.Failed, 1), (run.State, run.Attempts.Length));
    }

    [Theory]
    [InlineData("/jobs/add?delay=1,5")]
    [InlineData("/jobs/add?delay=1&delay=5")]
    [InlineData("/report/?day=9999-12-31")]
    public async Task Call_ThatWouldBeMisread_IsRefused(string path)
    {
        await using var app = new QuickstartApp();
        using var http = app.CreateClient();

        using var answer = await http.PostAsJsonAsync(
            new Uri(path, UriKind.Relative), new[] { 2, 3 }, Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Welcome_MailerFails_IsRetriedUntilItsAttemptsAreUsedUp()
    {
        await using var app = new QuickstartApp();
        app.Mailer.Error = new TimeoutException("the mail server is away");

        // One job by itself, without a storage; its retries follow at once.
        var run = await app.Services.Jobs().RunAsync(MailJobs.Welcome("ada@example.com"));

        Assert.Equal((JobState.Failed, 5), (run.State, run.Attempts.Length));
        Assert.Equal("the mail server is away", run.Error?.Message);
    }

    private static async Task<string> EnqueueAsync<T>(HttpClient http, string path, T arguments)
    {
        using var answer = await http.PostAsJsonAsync(new Uri(path, UriKind.Relative), arguments, Cancellation);
        var accepted = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        return accepted.GetProperty("task_id").GetString()!;
    }

    private static Task<JsonElement> TaskAsync(HttpClient http, string id) =>
        http.GetFromJsonAsync<JsonElement>(new Uri($"/task/{id}", UriKind.Relative), Cancellation);
}
