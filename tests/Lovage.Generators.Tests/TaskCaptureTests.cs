using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Lovage.Generators.Tests;

public sealed partial class TaskCaptureTests
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
}
