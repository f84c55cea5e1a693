using System.Globalization;

namespace Lovage.Packaging;

/// <summary>
/// Three apps that know only the packages, published with native AOT: a console worker and a web app on SQLite, and the
/// same web app on PostgreSQL.
/// </summary>
/// <remarks>One build publishes them all, so that they share the restore and the cores. Debian's linker is gcc.</remarks>
public sealed class NativeApps(LocalFeed feed) : IAsyncLifetime
{
    internal const string Worker = "Worker";
    internal const string SqliteWeb = "SqliteWeb";
    internal const string PostgreSqlWeb = "PostgreSqlWeb";

    private const string Jobs =
        """
        using System.ComponentModel.DataAnnotations;
        using System.Text.Json.Serialization;
        using Lovage;

        public sealed record Invoice(string Customer, IReadOnlyList<decimal> Lines);

        public sealed record Total(string Customer, decimal Sum, DateOnly Day);

        public sealed class InvoiceJobs
        {
            [Job("invoice.total")]
            public async Task<Total> TotalAsync(Invoice invoice, [Range(1, 100)] int copies, DateOnly day, CancellationToken ct)
            {
                await Task.Delay(1, ct);
                return new(invoice.Customer, invoice.Lines.Sum() * copies, day);
            }
        }

        [JsonSerializable(typeof(Invoice))]
        [JsonSerializable(typeof(Total))]
        [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
        internal sealed partial class Contracts : JsonSerializerContext;
        """;

    private const string WorkerProgram =
        """
        using Lovage;
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Hosting;

        var builder = Host.CreateApplicationBuilder(args);
        builder.AddLovage().AddJobs().AddWorker().AddJsonContext(Contracts.Default);
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine($"resident: {Environment.WorkingSet}");
        var jobs = host.Services.GetRequiredService<JobClient>();
        var handle = await jobs.EnqueueAsync(InvoiceJobs.Total(new("Ada", [1.5m, 19.5m]), 2, new(2026, 11, 30)));
        var total = await handle.WaitAsync();
        await host.StopAsync();
        Console.WriteLine($"{total?.Customer} owes {total?.Sum} since {total?.Day:O}");
        return total?.Sum == 42 ? 0 : 1;
        """;

    private const string WebProgram =
        """
        using Lovage;

        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Services.ConfigureHttpJsonOptions(static json => json.SerializerOptions.TypeInfoResolverChain.Add(Contracts.Default));
        builder.Services.AddSingleton<Reminders>();
        builder.AddLovage().AddJobs().AddWorker().AddJsonContext(Contracts.Default);
        var app = builder.Build();
        app.MapPost("/reminders", (string customer, BackgroundTasks background) => background.Add(ReminderJobs.Remind(customer)));
        app.MapGet("/reminders", async (Reminders reminders) => await reminders.First.Task);
        app.MapGet("/sum", async Task<string> (TaskSpawner spawner) =>
        {
            var day = new DateOnly(2026, 11, 30);
            var totals = await spawner.WhenAllAsync([InvoiceJobs.Total(new("Ada", [40]), 1, day), InvoiceJobs.Total(new("Bob", [1]), 2, day)]);
            return $"{totals.Sum(total => total.Sum)}";
        });
        app.MapPost("/invoices", async Task<string> (Invoice invoice, int copies, JobClient jobs) =>
            (await jobs.EnqueueAsync(InvoiceJobs.Total(invoice, copies, new(2026, 11, 30)))).Id.Value);
        app.MapGet("/invoices/{id}", async (string id, JobClient jobs) => await jobs.GetHandle<Total>(JobId.Parse(id)).WaitAsync());
        app.MapLovageHealth();
        app.Run();

        public sealed class Reminders
        {
            public TaskCompletionSource<string> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        public sealed class ReminderJobs(Reminders reminders)
        {
            [Job("invoice.remind")]
            public void RemindAsync(string customer) => reminders.First.TrySetResult($"{customer} is reminded");
        }
        """;

    private string _folder = "";

    public async ValueTask InitializeAsync()
    {
        if (!IsLinkerInstalled)
        {
            return;
        }

        _folder = feed.App(
            "native",
            ("Native.slnx", $"<Solution>{string.Concat(new[] { Worker, SqliteWeb, PostgreSqlWeb }.Select(static app => $"<Project Path=\"{app}/{app}.csproj\" />"))}</Solution>"),
            ("Directory.Build.props",
            """
            <Project>
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <PublishAot>true</PublishAot>
                <TrimmerSingleWarn>false</TrimmerSingleWarn>
                <InvariantGlobalization>true</InvariantGlobalization>
                <PublishDir>../out/$(MSBuildProjectName)/</PublishDir>
              </PropertyGroup>
              <ItemGroup>
                <Compile Include="../Jobs.cs" />
              </ItemGroup>
            </Project>
            """),
            ("Jobs.cs", Jobs),
            ("Web.cs", WebProgram),
            ($"{Worker}/Program.cs", WorkerProgram),
            ($"{Worker}/{Worker}.csproj",
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Lovage.Sqlite" Version="VERSION" />
                <PackageReference Include="Microsoft.Extensions.Hosting" Version="10.0.14" />
              </ItemGroup>
            </Project>
            """),
            ($"{SqliteWeb}/{SqliteWeb}.csproj", WebProject("Lovage.AspNetCore")),
            ($"{PostgreSqlWeb}/{PostgreSqlWeb}.csproj", WebProject("Lovage.AspNetCore", "Lovage.PostgreSql")));
        var published = await Command.RunAsync(
            _folder, "dotnet", "publish", "Native.slnx", "-c", "Release", "--use-current-runtime", "-p:CppCompilerAndLinker=gcc");
        Assert.True(published.ExitCode == 0, published.Output);
        Assert.DoesNotContain("warning", published.Output, StringComparison.OrdinalIgnoreCase);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Where the published app stands. A test is skipped where nothing can be linked.</summary>
    internal string Folder(string app)
    {
        Assert.SkipUnless(IsLinkerInstalled, "gcc is not on the PATH: native code cannot be linked.");
        return Path.Combine(_folder, "out", app);
    }

    /// <summary>Says what an app takes, and fails if it takes more.</summary>
    internal void Measure(string app, long residentBytes, int sizeMaxMegabytes, int residentMaxMegabytes)
    {
        const double Megabyte = 1_000_000;
        var size = new DirectoryInfo(Folder(app)).EnumerateFiles().Where(static file => file.Extension != ".dbg").Sum(static file => file.Length);
        var text = string.Create(
            CultureInfo.InvariantCulture, $"{app}: {size / Megabyte:F1} MB published, {residentBytes / Megabyte:F1} MB resident after its start");
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        Assert.True(size < sizeMaxMegabytes * Megabyte && residentBytes < residentMaxMegabytes * Megabyte, text);
    }

    private static bool IsLinkerInstalled =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(static folder => File.Exists(Path.Combine(folder, "gcc")));

    private static string WebProject(params string[] packages) =>
        $"""
        <Project Sdk="Microsoft.NET.Sdk.Web">
          <ItemGroup>
            <Compile Include="../Web.cs" />
            {string.Concat(packages.Select(static package => $"<PackageReference Include=\"{package}\" Version=\"VERSION\" />"))}
          </ItemGroup>
        </Project>
        """;
}
