using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Lovage.Generators.Tests;

/// <summary>Endpoints in an app for which ASP.NET Core's request-delegate generator writes code.</summary>
public sealed class EndpointTests
{
    private const string Shop = """
        using Microsoft.AspNetCore.Builder;
        using Microsoft.AspNetCore.Http;
        using Microsoft.AspNetCore.Routing;
        using Microsoft.Extensions.DependencyInjection;

        public static class App
        {
            public static void Map(WebApplication app)
            {
                ENDPOINT
            }

            private static T Same<T>(T value) => value;

            private static JobClient Jobs(HttpContext context) =>
                context.RequestServices.GetRequiredService<JobClient>();
        }

        public sealed class Mail
        {
            [Job] public Task SendAsync(string to, CancellationToken ct) => Task.CompletedTask;
            [Job] public Task<int> CountAsync(string of, CancellationToken ct) => Task.FromResult(of.Length);
        }

        """;

    private static readonly int EndpointLine = Array.IndexOf(Shop.Split('\n'), "        ENDPOINT");

    [Theory]
    [InlineData(
        "string (string to, TaskSpawner s) =>",
        """app.MapPost("/", (string to, TaskSpawner s) => s.Spawn(Mail.Send(to)).Name);""")]
    [InlineData(
        "async Task<JobId> (string to, JobClient j) =>",
        """app.MapPost("/", async (string to, JobClient j) => (await j.EnqueueAsync(Mail.Send(to))).Id);""")]
    [InlineData(
        "async Task<int> (JobClient j) =>",
        """app.MapPut("/", async (JobClient j) => await (await j.EnqueueAsync(Mail.Count("x"))).WaitAsync());""")]
    [InlineData(
        "ValueTask<JobHandle> (JobClient j) =>",
        """app.MapPatch("/", (JobClient j) => j.EnqueueAsync(Mail.Send("x")));""")]
    [InlineData(
        "async Task<int[]> (TaskSpawner s) =>",
        """app.MapGet("/", async (TaskSpawner s) => await s.WhenAllAsync([Mail.Count("x")]));""")]
    [InlineData(
        "async Task<JobId> (JobClient j) =>",
        """app.MapGet("/", async (JobClient j) => { var h = await j.EnqueueAsync(Mail.Send("x")); return h.Id; });""")]
    [InlineData(
        "string () =>",
        """app.MapGroup("/mail").MapDelete("/", () => Mail.Send("x").Name).WithName("x");""")]
    [InlineData(
        "static string () =>",
        """app.MapMethods("/", ["HEAD"], static () => Mail.Send("x").Name);""")]
    [InlineData(
        "string (int i) =>",
        """app.MapFallback((int i) => { if (i > 0) { return "x"; } return Mail.Send("x").Name; });""")]
    [InlineData(
        "string (int i) =>",
        """app.Map("/", delegate (int i) { return Mail.Send("x").Name; });""")]
    [InlineData(
        "Lovage.Generated.JobCatalog () =>",
        """app.MapGet("/", () => Shop.ShopJobs.Catalog);""")]
    [InlineData(
        "context =>",
        """app.MapPost("/", (HttpContext context) => { _ = Mail.Send("x"); return Task.CompletedTask; });""")]
    [InlineData(
        "async context =>",
        """app.MapPost("/", async (HttpContext context) => { await Jobs(context).EnqueueAsync(Mail.Send("x")); });""")]
    [InlineData(
        "async context =>",
        """app.MapPost("/", async Task (HttpContext context) => { await Task.Yield(); _ = Mail.Send("x").Name; });""")]
    public async Task Analyze_HandlerThatTheOtherGeneratorMisreads_SaysWhatToWrite(string head, string endpoint)
    {
        var found = Assert.Single(await FindingsAsync(endpoint, "true"));

        Assert.Equal("LVG0026", found.Id);
        Assert.EndsWith($"'{head}'", found.GetMessage(null), StringComparison.Ordinal);
        var isOverload = head.EndsWith("context =>", StringComparison.Ordinal);
        Assert.Contains(isOverload ? "Delegate" : "returns", found.GetMessage(null), StringComparison.Ordinal);
        Assert.Equal(EndpointLine, found.Location.GetLineSpan().StartLinePosition.Line);
    }

    [Theory]
    [InlineData("""app.MapPost("/", (string to, BackgroundTasks background) => background.Add(Mail.Send(to)));""")]
    [InlineData("""app.MapPost("/", (string to, TaskSpawner s) => { s.Spawn(Mail.Send(to)); });""")]
    [InlineData("""app.MapPost("/", string (string to, TaskSpawner s) => s.Spawn(Mail.Send(to)).Name);""")]
    [InlineData("""app.MapPost("/", async Task<JobId> (JobClient j) => (await j.EnqueueAsync(Mail.Send("x"))).Id);""")]
    [InlineData("""app.MapPost("/", async (JobClient j) => { await j.EnqueueAsync(Mail.Send("x")); return "ok"; });""")]
    [InlineData(
        """app.MapPost("/", async (JobClient j) => Results.Ok((await j.EnqueueAsync(Mail.Send("x"))).Id));""")]
    [InlineData(
        """app.MapPost("/", async (JobClient j) => { Job m = Mail.Send("x"); return await j.EnqueueAsync(m); });""")]
    [InlineData("""app.MapPost("/", (TaskSpawner s) => new { s.Spawn(Mail.Send("x")).Name });""")]
    [InlineData("""app.MapPost("/", (string to) => Same(Mail.Send(to)));""")]
    [InlineData(
        """app.MapPost("/", async (HttpContext context, JobClient j) => { await j.EnqueueAsync(Mail.Send("x")); });""")]
    [InlineData("""app.MapPost("/", async context => { await Task.Yield(); _ = Mail.Send("x").Name; });""")]
    [InlineData("""app.MapPost("/", Named); static string Named(string to) => Mail.Send(to).Name;""")]
    [InlineData(
        """app.MapGet("/", async (string id, JobClient j) => await j.GetHandle<int>(JobId.Parse(id)).WaitAsync());""")]
    [InlineData("""app.MapGroup("/"); app.Use((context, next) => { _ = Mail.Send("x"); return next(context); });""")]
    public async Task Analyze_HandlerThatTheOtherGeneratorReadsRight_IsNotFlagged(string endpoint) =>
        Assert.Empty(await FindingsAsync(endpoint, "true"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("false")]
    public async Task Analyze_OtherGeneratorIsOff_IsNotFlagged(string? property) =>
        Assert.Empty(await FindingsAsync("""app.MapGet("/", () => Mail.Send("x").Name);""", property));

    [Fact]
    public async Task Analyze_JobsOfAnotherProject_AreSeenByTheOtherGenerator()
    {
        var library = Source.Of("""
            public sealed class SmsJobs
            {
                [Job] public Task SendAsync(string to, CancellationToken ct) => Task.CompletedTask;
            }
            """);
        var sms = (library with { AssemblyName = "Sms" }).Generate().Clean().ToReference();

        Assert.Empty(await FindingsAsync("""app.MapGet("/", () => SmsJobs.Send("x").Name);""", "true", sms));
    }

    private static async Task<IEnumerable<Diagnostic>> FindingsAsync(
        string endpoint, string? property, params MetadataReference[] references)
    {
        var token = TestContext.Current.CancellationToken;
        var shop = Source.Of(Shop.Replace("ENDPOINT", endpoint, StringComparison.Ordinal));
        var source = shop with { References = [.. references] };
        source = property is null ? source : source.With("EnableRequestDelegateGenerator", property);
        var compilation = source.Generate().Compilation;
        Assert.Empty(compilation.GetDiagnostics(token).Where(static d => d.Severity == DiagnosticSeverity.Error));

        return await compilation
            .WithAnalyzers([new EndpointAnalyzer()], new AnalyzerOptions([], source.BuildOptions))
            .GetAnalyzerDiagnosticsAsync(token);
    }
}
