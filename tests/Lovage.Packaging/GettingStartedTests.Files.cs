namespace Lovage.Packaging;

public sealed partial class GettingStartedTests
{
    private const string EntityFrameworkShop =
        """
        using Lovage;
        using Microsoft.EntityFrameworkCore;

        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddDbContext<ShopContext>(
            options => options.UseNpgsql(builder.Configuration.GetConnectionString("Shop")));
        var lovage = builder.AddLovage().AddJobs();
        if (builder.Configuration.GetValue("Worker", true))
        {
            lovage.AddWorker();
        }

        var app = builder.Build();
        app.MapPost("/orders/{text}", async (string text, ShopContext shop, JobClient jobs, CancellationToken ct) =>
        {
            await using var transaction = await shop.Database.BeginTransactionAsync(ct);
            var order = new Order { Text = text };
            shop.Add(order);
            await shop.SaveChangesAsync(ct);
            var confirmation = await jobs.EnqueueAsync(OrderJobs.Confirm(order.Id), shop, ct);
            if (text == "refused")
            {
                return Results.Conflict();
            }

            await transaction.CommitAsync(ct);
            return Results.Ok(confirmation.Id);
        });
        app.Run();

        public sealed class Order
        {
            public int Id { get; set; }

            public required string Text { get; set; }
        }

        public sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
        {
            public DbSet<Order> Orders => Set<Order>();

            protected override void OnModelCreating(ModelBuilder model) => model.AddLovageJobs();
        }

        public sealed class OrderJobs(ShopContext shop)
        {
            [Job("order.confirm")]
            public async Task<string> ConfirmAsync(int id, CancellationToken ct) =>
                (await shop.Orders.SingleAsync(order => order.Id == id, ct)).Text;
        }

        public partial class Program;
        """;

    private const string EntityFrameworkTests =
        """
        using System.Net;
        using System.Net.Http.Json;
        using Lovage;
        using Lovage.Testing;
        using Microsoft.AspNetCore.Mvc.Testing;
        using Microsoft.AspNetCore.TestHost;
        using Microsoft.EntityFrameworkCore;
        using Microsoft.Extensions.DependencyInjection;
        using Xunit;

        public sealed class OrderTests
        {
            private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

            [Fact]
            public async Task Order_IsStored_WithItsConfirmation()
            {
                await using var app = await ShopApp.StartAsync("stored");
                using var http = app.CreateClient();

                using var answer = await http.PostAsync("/orders/tea", null, Cancellation);
                var id = await answer.Content.ReadFromJsonAsync<string>(Cancellation);

                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Equal(1, await app.Services.Jobs().DrainAsync(Cancellation));
                var jobs = app.Services.GetRequiredService<JobClient>();
                Assert.Equal("tea", await jobs.GetHandle<string>(JobId.Parse(id!)).GetResultAsync(Cancellation));
            }

            [Fact]
            public async Task Order_ThatIsRefused_EnqueuesNothing()
            {
                await using var app = await ShopApp.StartAsync("refused");
                using var http = app.CreateClient();

                using var answer = await http.PostAsync("/orders/refused", null, Cancellation);

                Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
                await app.Services.Jobs().ShouldNotHaveEnqueuedAsync("order.confirm", cancellationToken: Cancellation);
            }
        }

        public sealed class ShopApp(string schema) : WebApplicationFactory<Program>
        {
            public static async Task<ShopApp> StartAsync(string schema)
            {
                var app = new ShopApp(schema);
                await using var scope = app.Services.CreateAsyncScope();
                var shop = scope.ServiceProvider.GetRequiredService<ShopContext>();
                await shop.Database.ExecuteSqlRawAsync(
                    "CREATE TABLE IF NOT EXISTS \"Orders\" (\"Id\" serial PRIMARY KEY, \"Text\" text NOT NULL)");
                return app;
            }

            protected override void ConfigureWebHost(Microsoft.AspNetCore.Hosting.IWebHostBuilder builder)
            {
                builder.UseSetting("Worker", "false");
                builder.UseSetting(
                    "Lovage:Storage", Environment.GetEnvironmentVariable("Lovage__Storage") + ";schema=" + schema);
            }
        }
        """;

    private const string TestProject =
        """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <UseMicrosoftTestingPlatformRunner>true</UseMicrosoftTestingPlatformRunner>
          </PropertyGroup>
          <ItemGroup>
            <FrameworkReference Include="Microsoft.AspNetCore.App" />
            <PackageReference Include="Lovage.Testing" Version="VERSION" />
            <PackageReference Include="Microsoft.AspNetCore.Mvc.Testing" Version="10.0.15" />
            <PackageReference Include="xunit.v3" Version="4.0.2" />
            <ProjectReference Include="../Shop/Shop.csproj" />
          </ItemGroup>
        </Project>
        """;

    private static string Project(string sdk, params string[] packages) => Project(sdk, shares: false, packages);

    private static string Project(string sdk, bool shares, params string[] packages) =>
        $"""
        <Project Sdk="{sdk}">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
          </PropertyGroup>
          <ItemGroup>
            {string.Concat(packages.Select(
                static name => $"<PackageReference Include=\"{name}\" Version=\"VERSION\" />"))}
            {(shares ? "<ProjectReference Include=\"../Shop.Jobs/Shop.Jobs.csproj\" />" : "")}
            {(sdk.EndsWith(".Worker", StringComparison.Ordinal)
                ? "<PackageReference Include=\"Microsoft.Extensions.Hosting\" Version=\"10.0.15\" />" : "")}
          </ItemGroup>
        </Project>
        """;
}
