using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Lovage.Generators.Tests;

public sealed partial class TaskCaptureTests
{
    [Theory]
    [InlineData(
        "LVG0021 at User",
        """[HttpGet] public void Get() => tasks.Add("x", () => Console.WriteLine(User.Identity!.Name));""")]
    [InlineData(
        "LVG0021 at HttpContext",
        """[HttpGet] public void Get() => tasks.Add("x", () => Console.WriteLine(HttpContext.TraceIdentifier));""")]
    [InlineData(
        "LVG0021 at this.Request",
        """[HttpGet] public void Get() => tasks.Add("x", () => Console.WriteLine(this.Request.Path));""")]
    [InlineData(
        "LVG0021 at ControllerContext",
        """[HttpGet] public void Get() => tasks.Add("x", () => Console.WriteLine(ControllerContext));""")]
    [InlineData("LVG0021 at Response", """[HttpGet] public void Get() => tasks.Add("x", Response.CompleteAsync);""")]
    [InlineData("LVG0021 at this", """[HttpGet] public void Get() => tasks.Add("x", () => Console.WriteLine(this));""")]
    [InlineData(
        "LVG0021 at self",
        """[HttpGet] public void Get() { var self = this; tasks.Add("x", () => Console.WriteLine(self.Name)); }""")]
    [InlineData(
        "LVG0021 at LateAsync",
        """[HttpGet] public void Get() => tasks.Add("x", LateAsync); private Task LateAsync() => """
            + """HttpContext.Session.CommitAsync();""")]
    [InlineData(
        "LVG0021 at Path",
        """[HttpGet] public void Get() => tasks.Add("x", () => Console.WriteLine(Path)); private string? Path => """
            + """Request.Path;""")]
    [InlineData("LVG0022 at db", """[HttpGet] public void Get() => tasks.Add("x", () => db.SaveChangesAsync());""")]
    [InlineData(
        "LVG0022 at services",
        """[HttpGet] public void Get() => tasks.Add("x", () => services.GetService<Clock>());""")]
    [InlineData(
        "LVG0022 at _services",
        """private readonly IServiceProvider _services = services; [HttpGet] public void Get() => """
            + """tasks.Add("x", () => _services.GetService<Clock>());""")]
    [InlineData(
        "LVG0022 at _cart",
        """private readonly ICart _cart = cart; [HttpGet] public void Get() => """
            + """tasks.Add("x", () => _cart.ClearAsync());""")]
    [InlineData(
        "LVG0022 at this._cart",
        """private readonly ICart _cart = cart; [HttpGet] public void Get() => """
            + """tasks.Add("x", this._cart.ClearAsync);""")]
    [InlineData(
        "LVG0022 at Db",
        """private ShopDb Db { get; } = db; [HttpGet] public void Get() => """
            + """tasks.Add("x", () => Db.SaveChangesAsync());""")]
    [InlineData(
        "LVG0022 at SaveAsync",
        """[HttpGet] public void Get() => tasks.Add("x", () => SaveAsync(3)); private Task SaveAsync(int tries) => """
            + """tries == 0 ? db.SaveChangesAsync() : SaveAsync(tries - 1);""")]
    [InlineData(
        "LVG0022 at SaveAsync",
        """[HttpGet] public void Get() => tasks.Add("x", SaveAsync); private async Task SaveAsync() { """
            + """await Task.Yield(); await Inner(); Task Inner() => db.SaveChangesAsync(); }""")]
    [InlineData(
        "LVG0022 at given",
        """[HttpGet] public void Get([FromServices] IServiceProvider given) => """
            + """tasks.Add("x", () => given.GetService<Clock>());""")]
    [InlineData("LVG0022 at RunBaseAsync", """[HttpGet] public void Get() => tasks.Add("x", () => RunBaseAsync());""")]
    [InlineData(
        "",
        """private readonly ILogger _logger = logger; [HttpGet] public void Get() => """
            + """tasks.Add("x", () => _logger.LogInformation("{Name}", Name));""")]
    [InlineData("", """[HttpGet] public void Get() => tasks.Add("x", () => logger.LogInformation("done"));""")]
    [InlineData(
        "",
        """[HttpGet] public void Get() { var name = User.Identity?.Name; tasks.Add("x", (ShopDb own) => """
            + """own.SaveChangesAsync()); tasks.Add("y", () => Console.WriteLine(name)); }""")]
    [InlineData(
        "",
        """[HttpGet] public void Get() => tasks.Add("x", () => PureAsync(1)); private Task PureAsync(int i) => """
            + """i == 0 ? Task.CompletedTask : PureAsync(i - 1);""")]
    [InlineData(
        "",
        """private static readonly ShopDb Shared = new(); [HttpGet] public void Get() => """
            + """tasks.Add("x", () => Shared.SaveChangesAsync());""")]
    public async Task Analyze_Controller_IsFlaggedWhereTheTaskReadsItsRequest(string expected, string members)
    {
        var found = await new AnalyzedSource($$"""
            public abstract class ShopController(ShopDb baseDb) : ControllerBase
            {
                protected Task RunBaseAsync() => baseDb.SaveChangesAsync();
            }

            [ApiController]
            public sealed class OrdersController(BackgroundTasks tasks, ShopDb db, ICart cart,
                IServiceProvider services, ILogger<Order> logger) : ShopController(db)
            {
                public string Name => "orders";
                public string All => $"{tasks}{db}{cart}{services}{logger}";
                {{members}}
            }
            """).FindingsAsync();

        Assert.Equal(expected.Length == 0 ? [] : [expected], found);
    }

    [Theory]
    [InlineData(
        "LVG0022 at _db",
        "public sealed class Notifier(TaskSpawner spawner, ShopDb db) { private readonly ShopDb _db = db; public void "
            + "Later() => spawner.Spawn(\"x\", () => _db.SaveChangesAsync()); }")]
    [InlineData(
        "LVG0022 at db",
        "public sealed class Notifier(TaskSpawner spawner, ShopDb db) { public void Later() => spawner.Spawn(\"x\", "
            + "() => db.SaveChangesAsync()); }")]
    [InlineData(
        "LVG0022 at _store",
        "public sealed class Notifier { private readonly IStore _store; private readonly TaskSpawner _spawner; public "
            + "Notifier(TaskSpawner spawner, ShopDb db) { _spawner = spawner; _store = db; } public void Later() => "
            + "_spawner.Spawn(\"x\", () => _store.SaveChangesAsync()); }")]
    [InlineData(
        "LVG0022 at services",
        "public sealed class Notifier(BackgroundTasks tasks, IServiceProvider services) { public void Later() => "
            + "tasks.Add(\"x\", () => services.GetService<Clock>()); }")]
    [InlineData(
        "LVG0022 at services",
        "public sealed class Jobs(TaskSpawner spawner, IServiceProvider services) { [Job] public void Run() => "
            + "spawner.Spawn(\"x\", () => { services.GetService<Clock>(); }); }")]
    [InlineData(
        "LVG0022 at services",
        "public sealed class Notifier(TaskSpawner spawner, IServiceProvider services) { public void Later() => "
            + "spawner.Spawn(\"x\", () => { services.GetService<Clock>(); }); public static void "
            + "Add(IServiceCollection all) => all.AddScoped<Notifier>(); }")]
    [InlineData(
        "LVG0022 at this",
        "public sealed class Notifier(TaskSpawner spawner) { public void Later() => spawner.Spawn(\"x\", () => "
            + "Console.WriteLine(this)); public static void Add(IServiceCollection all) => all.AddScoped<Notifier>(); "
            + "}")]
    [InlineData(
        "LVG0021 at accessor",
        "public sealed class Audit(TaskSpawner spawner, IHttpContextAccessor accessor) { public void Later() => "
            + "spawner.Spawn(\"x\", () => Console.WriteLine(accessor.HttpContext!.User)); }")]
    [InlineData(
        "LVG0021 at context",
        "public sealed class Audit(TaskSpawner spawner, RequestDelegate next) { public Task InvokeAsync(HttpContext "
            + "context) { spawner.Spawn(\"x\", () => Console.WriteLine(context.User)); return next(context); } }")]
    [InlineData(
        "LVG0021 at invocation",
        "public sealed class Audit(TaskSpawner spawner) : IEndpointFilter { public ValueTask<object?> "
            + "InvokeAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next) { "
            + "spawner.Spawn(\"x\", () => Console.WriteLine(invocation.HttpContext)); return next(invocation); } }")]
    [InlineData(
        "LVG0021 at Request",
        "public sealed class IndexModel(BackgroundTasks tasks) : Microsoft.AspNetCore.Mvc.RazorPages.PageModel { "
            + "public void OnPost() => tasks.Add(\"x\", () => Console.WriteLine(Request.Path)); }")]
    [InlineData(
        "LVG0022 at db",
        "public sealed class Saver<T>(TaskSpawner spawner, T db) where T : DbContext { public void Later() => "
            + "spawner.Spawn(\"x\", () => db.SaveChangesAsync()); }")]
    [InlineData(
        "",
        "public sealed class Warmer(TaskSpawner spawner, IServiceProvider services) { public void Later() => "
            + "spawner.Spawn(\"x\", () => { services.GetService<Clock>(); }); public static void "
            + "Add(IServiceCollection all) => all.AddSingleton<Warmer>(); }")]
    [InlineData(
        "",
        "public sealed class Warmer(TaskSpawner spawner) { private readonly ShopDb _own = new(); public void Later() "
            + "=> spawner.Spawn(\"x\", () => _own.SaveChangesAsync()); }")]
    [InlineData(
        "",
        "public sealed class Notifier(TaskSpawner spawner, ILogger<Order> logger) { private int _sent; public void "
            + "Later() => spawner.Spawn(\"x\", () => logger.LogInformation(\"{Sent}\", ++_sent)); public static void "
            + "Add(IServiceCollection all) => all.AddScoped<Notifier>(); }")]
    [InlineData(
        "",
        "public sealed class Notifier(TaskSpawner spawner) { public void Later(string email) => spawner.Spawn(\"x\", "
            + "(IMailer mailer, CancellationToken token) => mailer.SendAsync(email)); }")]
    public async Task Analyze_Service_IsFlaggedWhereItCanOnlyBeOfAScope(string expected, string code)
    {
        var found = await new AnalyzedSource(code).FindingsAsync();

        Assert.Equal(expected.Length == 0 ? [] : [expected], found);
    }

    [Fact]
    public async Task Analyze_SeveralCaptures_EachIsNamedOnce()
    {
        var found = await AnalyzedSource.Endpoint("""
            app.MapGet("/", (HttpContext context, ShopDb db, BackgroundTasks tasks) => tasks.Add("x", async () =>
            {
                Console.WriteLine(context.TraceIdentifier);
                await db.SaveChangesAsync();
                await db.SaveChangesAsync();
                Console.WriteLine(context.TraceIdentifier);
            }));
            """).FindingsAsync();

        Assert.Equal(["LVG0021 at context", "LVG0022 at db"], found);
    }

    [Fact]
    public async Task Analyze_Captures_AreWarningsThatNameThem()
    {
        var found = await AnalyzedSource.Endpoint("""
            app.MapGet("/", (HttpContext context, ShopDb db, BackgroundTasks tasks) => { tasks.Add("x", LateAsync);
                tasks.Add("y", () => db.SaveChangesAsync()); Task LateAsync() => UseAsync(context); });
            """).DiagnosticsAsync();

        Assert.All(found, static d => Assert.Equal(DiagnosticSeverity.Warning, d.Severity));
        Assert.Collection(
            found.Select(static d => d.GetMessage(null)),
            static text => Assert.StartsWith(
                "The task captures 'context' in 'LateAsync' (HttpContext) of the request",
                text,
                StringComparison.Ordinal),
            static text => Assert.StartsWith(
                "The task captures 'db' (ShopDb), a service of a scope", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Analyze_PragmaDisablesTheRule_ItIsNotReported()
    {
        var found = await AnalyzedSource.Endpoint("""
            #pragma warning disable LVG0021
            app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => tasks.Add("x", () => UseAsync(context)));
            #pragma warning restore LVG0021
            """).FindingsAsync();

        Assert.Empty(found);
    }

    [Fact]
    public async Task Analyze_GeneratedCode_IsSilent()
    {
        var source = AnalyzedSource.Endpoint(
            """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => """
                + """tasks.Add("x", () => UseAsync(context)));""");

        Assert.Empty(
            await (source with { Code = "// <auto-generated/>\n#nullable enable\n" + source.Code }).FindingsAsync());
        Assert.Single(await source.FindingsAsync());
    }

    [Fact]
    public async Task Analyze_WithoutLovage_IsSilent()
    {
        var source = Source.Of(
            "public sealed class BackgroundTasks { public void Add(string name, Action work) => work(); } public "
                + "static class P { public static void M(Stream s, BackgroundTasks t) => t.Add(\"x\", () => "
                + "s.Flush()); }");
        var compilation = source.Compile();
        var lovage = compilation.References.Where(
            static r => Path.GetFileName(r.Display!).StartsWith("Lovage", StringComparison.Ordinal));
        var without = compilation.RemoveReferences(lovage)
            .RemoveSyntaxTrees(compilation.SyntaxTrees[0])
            .AddSyntaxTrees(source.Parse("global using System; global using System.IO;", "Usings.cs"));

        Assert.Empty(await AnalyzedSource.DiagnosticsAsync(without));
    }

    [Fact]
    public async Task Analyze_OneFileAsAnEditorAsks_TheRegistrationOfAnotherFileCounts()
    {
        var compilation = AnalyzedSource.Endpoint(
            """app.MapGet("/", (ICart cart, BackgroundTasks tasks) => tasks.Add("x", cart.ClearAsync));""").Compile();
        var user = compilation.SyntaxTrees.Single(static tree => tree.FilePath == "User.cs");

        var found = await compilation.WithAnalyzers([new TaskCaptureAnalyzer()])
            .GetAnalyzerSemanticDiagnosticsAsync(
                compilation.GetSemanticModel(user), filterSpan: null, TestContext.Current.CancellationToken);

        Assert.Equal("LVG0022", Assert.Single(found).Id);
    }

    [Fact]
    public async Task Analyze_TheRegistrationIsTakenAway_SoIsTheWarning()
    {
        var compilation = AnalyzedSource.Endpoint(
            """app.MapGet("/", (ICart cart, BackgroundTasks tasks) => tasks.Add("x", cart.ClearAsync));""").Compile();
        var shop = compilation.SyntaxTrees.Single(static tree => tree.FilePath == "Shop.cs");
        var text = await shop.GetTextAsync(TestContext.Current.CancellationToken);
        var edited = shop.WithChangedText(Microsoft.CodeAnalysis.Text.SourceText.From(
            text.ToString().Replace("AddScoped<ICart, Cart>", "AddTransient<ICart, Cart>", StringComparison.Ordinal)));
        var analyzer = new TaskCaptureAnalyzer();

        // The same analyzer for both, as an editor keeps it: what it remembers of a file must go with the file.
        var before = await AnalyzedSource.DiagnosticsAsync(compilation, analyzer);
        var after = await AnalyzedSource.DiagnosticsAsync(compilation.ReplaceSyntaxTree(shop, edited), analyzer);

        Assert.Single(before);
        Assert.Empty(after);
    }

    [Fact]
    public async Task Analyze_BaseClassOfAnotherProject_ItsCodeIsNotWalked()
    {
        var source = Source.Of("public abstract class Base { protected Task RunAsync() => Task.CompletedTask; }") with
        {
            AssemblyName = "Common",
        };
        var compilation = new AnalyzedSource(
            "public sealed class Notifier(TaskSpawner spawner) : Base { public void Later() => spawner.Spawn(\"x\", "
                + "() => RunAsync()); }")
            .Compile();

        // An editor references a project by its compilation, so that its methods have source, but not in this
        // compilation.
        Assert.Empty(
            await AnalyzedSource.DiagnosticsAsync(compilation.AddReferences(source.Compile().ToMetadataReference())));
    }

    [Fact]
    public async Task Analyze_TopLevelProgram_OnlyItsMistakesAreFlagged()
    {
        var compilation = new AnalyzedSource("""
            var builder = WebApplication.CreateBuilder(args);
            builder.AddLovage().AddWorker();
            builder.Services.AddShop();
            builder.Services.AddScoped<Audit>();
            var app = builder.Build();
            var started = 0;

            app.MapPost("/notify", (string email, BackgroundTasks background) =>
            {
                background.Add("welcome", (IMailer mailer) => mailer.SendAsync(email));
                return new { status = "Notification queued" };
            });
            app.MapPost("/subscribe", (string email, TaskSpawner spawner, ILogger<Order> logger) =>
            {
                spawner.Spawn("welcome", async (IMailer mailer, CancellationToken token) =>
                {
                    await mailer.SendAsync(email);
                    logger.LogInformation("{Count}", Interlocked.Increment(ref started));
                });
                return new { status = "Subscribed" };
            });
            app.MapPost("/late", Late);
            app.MapPost("/audit", (Audit audit, TaskSpawner spawner) => { spawner.Spawn("audit", audit.WriteAsync); });
            app.Services.GetRequiredService<TaskSpawner>().Spawn("warm", () => { app.Services.GetService<IMailer>(); });
            app.Run();

            static void Late(IServiceProvider services, TaskSpawner spawner) =>
                spawner.Spawn("late", () => { services.GetService<Clock>(); });

            public sealed class Audit { public Task WriteAsync() => Task.CompletedTask; }
            """).Compile();

        var found = await AnalyzedSource.DiagnosticsAsync(
            compilation.WithOptions(compilation.Options.WithOutputKind(OutputKind.ConsoleApplication)));

        Assert.Equal(["'audit'", "'services'"], found.Select(static d => d.GetMessage(null).Split(' ')[3]));
        Assert.All(found, static d => Assert.Equal("LVG0022", d.Id));
    }
}
