using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Lovage.Generators.Tests;

public sealed class TaskCaptureTests
{
    [Theory]
    [InlineData(
        "LVG0021 at context",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => Console.WriteLine(context.User.Identity!.Name)));""")]
    [InlineData(
        "LVG0021 at context",
        """app.MapGet("/", (HttpContext context, TaskSpawner spawner) => """
            + """{ spawner.Spawn("x", () => UseAsync(context.TraceIdentifier)); });""")]
    [InlineData(
        "LVG0021 at request",
        """app.MapGet("/", (HttpRequest request, BackgroundTasks tasks) => """
            + """tasks.Add("x", async () => await request.ReadFormAsync()));""")]
    [InlineData(
        "LVG0021 at response",
        """app.MapGet("/", (HttpResponse response, BackgroundTasks tasks) => """
            + """tasks.Add("x", token => response.WriteAsync("late", token)));""")]
    [InlineData(
        "LVG0021 at file",
        """app.MapPost("/", (IFormFile file, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => UseAsync(file.OpenReadStream())));""")]
    [InlineData(
        "LVG0021 at files",
        """app.MapPost("/", (IFormFileCollection files, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => UseAsync(files[0])));""")]
    [InlineData(
        "LVG0021 at files",
        """app.MapPost("/", ([FromForm] List<IFormFile> files, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => UseAsync(files.Count)));""")]
    [InlineData(
        "LVG0021 at file",
        """app.MapPost("/", (IFormFileCollection files, BackgroundTasks tasks) => { foreach (var file in files) { """
            + """tasks.Add("x", () => UseAsync(file.Length)); } });""")]
    [InlineData(
        "LVG0021 at accessor",
        """app.MapGet("/", (IHttpContextAccessor accessor, TaskSpawner spawner) => """
            + """{ spawner.Spawn("x", () => UseAsync(accessor.HttpContext)); });""")]
    [InlineData(
        "LVG0021 at body",
        """app.MapPost("/", (Stream body, BackgroundTasks tasks) => tasks.Add("x", () => UseAsync(body.Length)));""")]
    [InlineData(
        "LVG0021 at reader",
        """app.MapPost("/", (PipeReader reader, BackgroundTasks tasks) => tasks.Add("x", () => UseAsync(reader)));""")]
    [InlineData(
        "LVG0021 at body",
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => { var body = context.Request.Body; """
            + """tasks.Add("x", () => UseAsync(body)); });""")]
    [InlineData(
        "LVG0021 at body",
        """app.MapPost("/", (IFormFile file, BackgroundTasks tasks) => { var body = file.OpenReadStream(); """
            + """tasks.Add("x", () => UseAsync(body)); });""")]
    [InlineData(
        "LVG0021 at request",
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => { var request = context.Request; """
            + """tasks.Add("x", () => UseAsync(request.Path)); });""")]
    [InlineData(
        "LVG0021 at alias",
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => { object alias = context; """
            + """tasks.Add("x", () => UseAsync(alias)); });""")]
    [InlineData(
        "LVG0021 at found",
        """app.MapPost("/", (HttpContext? context, BackgroundTasks tasks) => { if (context is { } found) { """
            + """tasks.Add("x", () => UseAsync(found)); } });""")]
    [InlineData(
        "LVG0021 at headers",
        """app.MapPost("/", (HttpRequest request, BackgroundTasks tasks) => { var headers = request.Headers; """
            + """tasks.Add("x", () => UseAsync(headers.Host)); });""")]
    [InlineData(
        "LVG0021 at tasks",
        """app.MapPost("/", (BackgroundTasks tasks) => tasks.Add("x", () => tasks.Add("y", () => UseAsync())));""")]
    [InlineData(
        "LVG0021 at input.Context",
        """app.MapPost("/", ([AsParameters] Input input, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => UseAsync(input.Context)));""")]
    [InlineData(
        "LVG0021 at context",
        """app.Use((HttpContext context, RequestDelegate next) => { """
            + """context.RequestServices.GetRequiredService<TaskSpawner>().Spawn("x", () => UseAsync(context)); """
            + """return next(context); });""")]
    [InlineData(
        "LVG0021 at context",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => new List<int>().ForEach(i => Console.WriteLine(context))));""")]
    [InlineData(
        "LVG0021 at context",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => """
            + """tasks.Add("x", delegate { Console.WriteLine($"{context.TraceIdentifier}"); }));""")]
    [InlineData(
        "LVG0021 at context",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => { Func<Task> work = () => """
            + """UseAsync(context); tasks.Add("x", work); });""")]
    [InlineData(
        "LVG0021 at context",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => { Func<Task> work = () => """
            + """UseAsync(context); tasks.Add("x", () => work()); });""")]
    [InlineData(
        "LVG0021 at context",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks, bool late) => """
            + """tasks.Add("x", late ? () => UseAsync(context) : () => UseAsync()));""")]
    [InlineData(
        "LVG0021 at context",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks, int i) => """
            + """tasks.Add("x", i switch { 1 => () => UseAsync(context), _ => () => UseAsync() }));""")]
    [InlineData(
        "LVG0021 at context",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => """
            + """tasks.Add("x", new Action(() => Console.WriteLine(context))));""")]
    [InlineData(
        "LVG0021 at context.Response",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => """
            + """tasks.Add("x", context.Response.CompleteAsync));""")]
    [InlineData(
        "LVG0021 at context",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => tasks.Add("x", context.Abort));""")]
    [InlineData(
        "LVG0021 at LateAsync",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => { tasks.Add("x", LateAsync); """
            + """Task LateAsync() => UseAsync(context); });""")]
    [InlineData(
        "LVG0021 at LateAsync",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => { tasks.Add("x", () => LateAsync(1)); """
            + """Task LateAsync(int i) => i > 9 ? UseAsync(context) : LateAsync(i + 1); });""")]
    [InlineData(
        "LVG0022 at db",
        """app.MapGet("/", (ShopDb db, BackgroundTasks tasks) => tasks.Add("x", () => db.SaveChangesAsync()));""")]
    [InlineData(
        "LVG0022 at db",
        """app.MapGet("/", ([FromServices] ShopDb db, TaskSpawner spawner) => """
            + """{ spawner.Spawn("x", token => db.SaveChangesAsync(token)); });""")]
    [InlineData(
        "LVG0022 at db", """app.MapGet("/", (ShopDb db, BackgroundTasks tasks) => tasks.Add("x", db.Dispose));""")]
    [InlineData(
        "LVG0022 at db", """app.MapGet("/", (ShopDb db, BackgroundTasks tasks) => tasks.Add("x", db.SaveAllAsync));""")]
    [InlineData(
        "LVG0022 at store",
        """app.MapGet("/", (IStore store, BackgroundTasks tasks) => tasks.Add("x", () => UseAsync(store)));""")]
    [InlineData(
        "LVG0022 at cart",
        """app.MapGet("/", (ICart cart, BackgroundTasks tasks) => tasks.Add("x", cart.ClearAsync));""")]
    [InlineData(
        "LVG0022 at cart",
        """app.MapGet("/", (Cart cart, BackgroundTasks tasks) => tasks.Add("x", () => cart.ClearAsync()));""")]
    [InlineData(
        "LVG0022 at cart",
        """app.MapGet("/", ([FromKeyedServices("mine")] ICart cart, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => cart.ClearAsync()));""")]
    [InlineData(
        "LVG0022 at orders",
        """app.MapGet("/", (IRepository<Order> orders, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => orders.SaveAsync()));""")]
    [InlineData(
        "LVG0022 at tenant",
        """app.MapGet("/", (Tenant tenant, BackgroundTasks tasks) => tasks.Add("x", () => tenant.TouchAsync()));""")]
    [InlineData(
        "LVG0022 at basket",
        """app.MapGet("/", (Basket basket, BackgroundTasks tasks) => tasks.Add("x", () => basket.EmptyAsync()));""")]
    [InlineData(
        "LVG0022 at users",
        """app.MapGet("/", (UserManager<IdentityUser> users, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => UseAsync(users)));""")]
    [InlineData(
        "LVG0022 at signIn",
        """app.MapGet("/", (SignInManager<IdentityUser> signIn, TaskSpawner spawner) => """
            + """{ spawner.Spawn("x", () => UseAsync(signIn)); });""")]
    [InlineData(
        "LVG0022 at services",
        """app.MapGet("/", (IServiceProvider services, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => UseAsync(services.GetService<Clock>())));""")]
    [InlineData(
        "LVG0022 at services",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => """
            + """{ var services = context.RequestServices; tasks.Add("x", () => UseAsync(services)); });""")]
    [InlineData(
        "LVG0022 at cart",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => { var """
            + """cart = context.RequestServices.GetRequiredService<ICart>(); """
            + """tasks.Add("x", () => cart.ClearAsync()); });""")]
    [InlineData(
        "LVG0022 at context.RequestServices.GetRequiredService<ICart>()",
        """app.MapGet("/", (HttpContext context, BackgroundTasks tasks) => """
            + """tasks.Add("x", context.RequestServices.GetRequiredService<ICart>().ClearAsync));""")]
    [InlineData(
        "LVG0022 at alias",
        """app.MapGet("/", (ShopDb db, BackgroundTasks tasks) => { var alias = db; """
            + """tasks.Add("x", () => alias.SaveChangesAsync()); });""")]
    [InlineData(
        "LVG0022 at db",
        """app.MapGet("/", async (IDbContextFactory<ShopDb> factory, TaskSpawner spawner) => """
            + """{ using var db = factory.CreateDbContext(); spawner.Spawn("x", () => db.SaveChangesAsync()); """
            + """await Task.Yield(); });""")]
    [InlineData(
        "LVG0022 at scope",
        """app.MapGet("/", async (IServiceScopeFactory scopes, TaskSpawner spawner) => """
            + """{ await using var scope = scopes.CreateAsyncScope(); """
            + """spawner.Spawn("x", () => UseAsync(scope.ServiceProvider)); });""")]
    [InlineData(
        "LVG0022 at input.Db",
        """app.MapPost("/", ([AsParameters] Input input, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => input.Db.SaveChangesAsync()));""")]
    [InlineData(
        "LVG0022 at db",
        """app.MapGet("/", (TaskSpawner spawner) => { spawner.Spawn("x", (ShopDb db, TaskSpawner inner) => """
            + """{ inner.Spawn("y", () => db.SaveChangesAsync()); return Task.CompletedTask; }); });""")]
    [InlineData(
        "LVG0022 at services",
        """app.MapGet("/", Handle); static void Handle(IServiceProvider services, TaskSpawner spawner) { """
            + """spawner.Spawn("x", () => UseAsync(services)); }""")]
    [InlineData("LVG0022 at services", """app.MapGroup("/g").MapPost("/", Handlers.Handle);""")]
    [InlineData(
        "LVG0022 at db",
        """void Later(ShopDb db, TaskSpawner spawner) => """
            + """spawner.Spawn("x", options: null, work: () => db.SaveChangesAsync());""")]
    public async Task Analyze_EndpointWhoseTaskCaptures_IsFlaggedOnceAndExactlyThere(string expected, string statements)
    {
        var source = AnalyzedSource.Endpoint(statements);
        source = source with
        {
            Code = source.Code + """
                public sealed record Input(HttpContext Context, ShopDb Db, string Email);
                public static class Saving { public static Task SaveAllAsync(this ShopDb db) => db.SaveChangesAsync(); }
                """ + (statements.Contains("Handlers", StringComparison.Ordinal)
                ? """
                    public static class Handlers
                    {
                        public static void Handle(IServiceProvider services, TaskSpawner spawner)
                            { spawner.Spawn("x", () => Program.UseAsync(services)); }
                    }
                    """
                : ""),
        };

        Assert.Equal([expected], await source.FindingsAsync());
    }

    [Theory]
    [InlineData(
        """app.MapPost("/", (string email, BackgroundTasks tasks) => """
            + """tasks.Add("x", (IMailer mailer) => mailer.SendAsync(email)));""")]
    [InlineData(
        """app.MapPost("/", (string email, TaskSpawner spawner) => """
            + """{ spawner.Spawn("x", (ShopDb db, CancellationToken token) => db.SaveChangesAsync(token)); });""")]
    [InlineData(
        """app.MapPost("/", (Order order, BackgroundTasks tasks) => """
            + """tasks.Add("x", (ShopDb db, ICart cart) => UseAsync(db, cart, order.Id, order)));""")]
    [InlineData(
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => """
            + """{ var path = context.Request.Path.Value; tasks.Add("x", () => UseAsync(path)); });""")]
    [InlineData(
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => """
            + """{ var name = context.User?.Identity?.Name; tasks.Add("x", () => UseAsync(name)); });""")]
    [InlineData(
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => { var user = context.User; """
            + """tasks.Add("x", () => UseAsync(user)); });""")]
    [InlineData(
        """app.MapPost("/", (ClaimsPrincipal user, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => UseAsync(user.Identity)));""")]
    [InlineData(
        """app.MapPost("/", async (HttpRequest request, BackgroundTasks tasks) => """
            + """{ using var reader = new StreamReader(request.Body); var text = await reader.ReadToEndAsync(); """
            + """tasks.Add("x", () => UseAsync(text)); });""")]
    [InlineData(
        """app.MapPost("/", async (IFormFile file, BackgroundTasks tasks) => { var copy = new MemoryStream(); """
            + """await file.CopyToAsync(copy); tasks.Add("x", () => UseAsync(copy)); });""")]
    [InlineData(
        """app.MapPost("/", (ILogger<Order> logger, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => logger.LogInformation("done")));""")]
    [InlineData(
        """app.MapPost("/", (IHttpClientFactory clients, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => clients.CreateClient().GetAsync("https://example.test")));""")]
    [InlineData(
        """app.MapPost("/", (TimeProvider time, IConfiguration configuration, IOptions<Order> """
            + """options, BackgroundTasks tasks) => tasks.Add("x", () => UseAsync(time, configuration, options)));""")]
    [InlineData(
        """app.MapPost("/", (JobClient jobs, TaskSpawner spawner, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => { spawner.Spawn("y", () => UseAsync(jobs)); }));""")]
    [InlineData(
        """app.MapPost("/", (IMailer mailer, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => mailer.SendAsync("a@example.test")));""")]
    [InlineData(
        """app.MapPost("/", (Mailer mailer, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => mailer.SendAsync("a@example.test")));""")]
    [InlineData("""app.MapPost("/", (Clock clock, BackgroundTasks tasks) => tasks.Add("x", clock.TickAsync));""")]
    [InlineData("""app.MapPost("/", (Ledger ledger, BackgroundTasks tasks) => tasks.Add("x", ledger.CloseAsync));""")]
    [InlineData(
        """app.MapPost("/", (IServiceScopeFactory scopes, TaskSpawner spawner) => """
            + """{ spawner.Spawn("x", async () => { await using var scope = scopes.CreateAsyncScope(); """
            + """await scope.ServiceProvider.GetRequiredService<ICart>().ClearAsync(); }); });""")]
    [InlineData(
        """app.MapPost("/", (IDbContextFactory<ShopDb> factory, TaskSpawner spawner) => """
            + """{ spawner.Spawn("x", async () => { using var db = factory.CreateDbContext(); """
            + """await db.SaveChangesAsync(); }); });""")]
    [InlineData(
        """app.MapPost("/", (IDbContextFactory<ShopDb> factory, TaskSpawner spawner) => """
            + """{ var db = factory.CreateDbContext(); """
            + """spawner.Spawn("x", async () => { using (db) { await db.SaveChangesAsync(); } }); });""")]
    [InlineData(
        """app.MapPost("/", (TaskSpawner spawner) => { var db = new ShopDb(); """
            + """spawner.Spawn("x", () => db.SaveChangesAsync()); });""")]
    [InlineData(
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => """
            + """tasks.Add("x", static () => UseAsync()));""")]
    [InlineData(
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => """
            + """tasks.Add("x", static (IHttpContextAccessor accessor, ShopDb db) => UseAsync(accessor, db)));""")]
    [InlineData(
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => """
            + """tasks.Add(nameof(context), () => UseAsync(nameof(context))));""")]
    [InlineData(
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => """
            + """tasks.Add(context.TraceIdentifier, () => UseAsync()));""")]
    [InlineData(
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => { LogNow(); tasks.Add("x", LateAsync); """
            + """void LogNow() => Console.WriteLine(context); static Task LateAsync() => UseAsync(); });""")]
    [InlineData(
        """app.MapPost("/", (HttpContext context, BackgroundTasks tasks) => { Func<int, Task> now = i => """
            + """UseAsync(context, i); tasks.Add("x", () => UseAsync(1)); return now(1); });""")]
    [InlineData(
        """app.MapPost("/", async (HttpContext context, TaskSpawner spawner) => """
            + """await spawner.Spawn("x", () => UseAsync(context.Request.Path), new SpawnOptions()));""")]
    [InlineData(
        """app.MapPost("/", (HttpContext context, TaskSpawner spawner, ShopDb db, CancellationToken token) => """
            + """spawner.RunDedicatedAsync(() => context.TraceIdentifier, token));""")]
    [InlineData(
        """app.MapPost("/", (HttpContext context, List<Action> tasks) => """
            + """tasks.Add(() => Console.WriteLine(context)));""")]
    [InlineData(
        """app.Services.GetRequiredService<TaskSpawner>().Spawn("x", () => """
            + """UseAsync(app.Services.GetService<IMailer>()));""")]
    [InlineData(
        """var services = app.Services; services.GetRequiredService<TaskSpawner>().Spawn("x", () => """
            + """UseAsync(services.GetService<IMailer>()));""")]
    [InlineData(
        """void Start(IServiceProvider services, TaskSpawner spawner) => """
            + """spawner.Spawn("x", () => UseAsync(services));""")]
    [InlineData("""void Start(Stream stream, TaskSpawner spawner) => spawner.Spawn("x", () => UseAsync(stream));""")]
    [InlineData(
        """void Start(List<Tenant> tenants, TaskSpawner spawner) => """
            + """tenants.ForEach(tenant => spawner.Spawn("x", () => tenant.TouchAsync()));""")]
    [InlineData(
        """void Start(TaskSpawner spawner) { var context = new DefaultHttpContext(); """
            + """spawner.Spawn("x", () => UseAsync(context)); }""")]
    [InlineData(
        """app.MapPost("/", ([AsParameters] Input input, BackgroundTasks tasks) => """
            + """tasks.Add("x", () => UseAsync(input.Email)));""")]
    public async Task Analyze_EndpointWhoseTaskTakesWhatItNeeds_IsSilent(string statements)
    {
        var source = AnalyzedSource.Endpoint(statements);
        source = source with
        {
            Code = source.Code + "public sealed record Input(HttpContext Context, ShopDb Db, string Email);",
        };

        Assert.Empty(await source.FindingsAsync());
    }

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
