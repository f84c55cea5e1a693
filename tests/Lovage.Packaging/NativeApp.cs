using System.Globalization;

namespace Lovage.Packaging;

/// <summary>An app that knows only the packages and is published with native AOT.</summary>
internal sealed class NativeApp
{
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
            public async Task<Total> TotalAsync(
                Invoice sent, [Range(1, 9)] int copies, DateOnly day, CancellationToken ct)
            {
                await Task.Delay(1, ct);
                return new(sent.Customer, sent.Lines.Sum() * copies, day);
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
        builder.Services.ConfigureHttpJsonOptions(static json =>
            json.SerializerOptions.TypeInfoResolverChain.Add(Contracts.Default));
        builder.Services.AddSingleton<Reminders>();
        builder.AddLovage().AddJobs().AddWorker().AddJsonContext(Contracts.Default).AddProblemDetails();
        var app = builder.Build();
        app.UseExceptionHandler();
        app.MapPost("/reminders", (string to, BackgroundTasks background) => background.Add(ReminderJobs.Remind(to)));
        app.MapGet("/reminders", async (Reminders reminders) => await reminders.First.Task);
        app.MapGet("/sum", async Task<string> (TaskSpawner spawner) =>
        {
            var totals = await spawner.WhenAllAsync([
                InvoiceJobs.Total(new("Ada", [40]), 1, new(2026, 11, 30)),
                InvoiceJobs.Total(new("Bob", [1]), 2, new(2026, 11, 30))]);
            return $"{totals.Sum(total => total.Sum)}";
        });
        app.MapPost("/invoices", async Task<string> (Invoice sent, int copies, JobClient jobs) =>
            (await jobs.EnqueueAsync(InvoiceJobs.Total(sent, copies, new(2026, 11, 30)))).Id.Value);
        app.MapGet("/invoices/{id}", async (string id, JobClient jobs) =>
            await jobs.GetHandle<Total>(JobId.Parse(id)).WaitAsync());
        app.MapLovageHealth();
        app.MapLovageMetrics().AllowAnonymous();
        app.MapLovageDashboard("/lovage").AllowAnonymous();
        app.Run();

        public sealed class Reminders
        {
            public TaskCompletionSource<string> First { get; } = new();
        }

        public sealed class ReminderJobs(Reminders reminders)
        {
            [Job("invoice.remind")]
            public void RemindAsync(string to) => reminders.First.TrySetResult($"{to} is reminded");
        }
        """;

    private readonly string _name;
    private readonly long _size;

    private NativeApp(string name, string folder)
    {
        _name = name;
        Folder = folder;

        // The file for debuggers is not part of what runs.
        _size = new DirectoryInfo(folder).EnumerateFiles()
            .Where(static file => file.Extension != ".dbg")
            .Sum(static file => file.Length);
    }

    /// <summary>Where the published app stands.</summary>
    internal string Folder { get; }

    /// <summary>The file to start.</summary>
    internal string File => Path.Combine(Folder, _name);

    /// <summary>Publishes a console worker on SQLite.</summary>
    internal static Task<NativeApp> WorkerAsync(LocalFeed feed) => PublishAsync(
        feed,
        "Worker",
        WorkerProgram,
        """
        <Project Sdk="Microsoft.NET.Sdk">
          <ItemGroup>
            <PackageReference Include="Lovage.Sqlite" Version="VERSION" />
            <PackageReference Include="Microsoft.Extensions.Hosting" Version="10.0.15" />
          </ItemGroup>
        </Project>
        """);

    /// <summary>Publishes a web app on SQLite.</summary>
    internal static Task<NativeApp> SqliteWebAsync(LocalFeed feed) => PublishAsync(
        feed,
        "SqliteWeb",
        WebProgram,
        """
        <Project Sdk="Microsoft.NET.Sdk.Web">
          <ItemGroup>
            <PackageReference Include="Lovage.AspNetCore" Version="VERSION" />
          </ItemGroup>
        </Project>
        """);

    /// <summary>Publishes the same web app for PostgreSQL.</summary>
    internal static Task<NativeApp> PostgreSqlWebAsync(LocalFeed feed) => PublishAsync(
        feed,
        "PostgreSqlWeb",
        WebProgram,
        """
        <Project Sdk="Microsoft.NET.Sdk.Web">
          <ItemGroup>
            <PackageReference Include="Lovage.AspNetCore" Version="VERSION" />
            <PackageReference Include="Lovage.PostgreSql" Version="VERSION" />
          </ItemGroup>
        </Project>
        """);

    /// <summary>Says what the app takes, and fails if it takes more than the limits.</summary>
    internal void Measure(long residentBytes, int sizeMaxMegabytes, int residentMaxMegabytes)
    {
        const double Megabyte = 1_000_000;
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{_name}: {_size / Megabyte:F1} MB published, {residentBytes / Megabyte:F1} MB resident after its start");
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        Assert.True(_size < sizeMaxMegabytes * Megabyte && residentBytes < residentMaxMegabytes * Megabyte, text);
    }

    // Debian's linker for native code is gcc.
    private static async Task<NativeApp> PublishAsync(LocalFeed feed, string name, string program, string project)
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        var folders = path.Split(Path.PathSeparator);
        Assert.SkipUnless(
            folders.Any(static folder => System.IO.File.Exists(Path.Combine(folder, "gcc"))),
            "gcc is not on the PATH: native code cannot be linked.");

        var folder = feed.App(
            name,
            ($"{name}.csproj", project),
            ("Program.cs", program),
            ("Jobs.cs", Jobs),
            ("Directory.Build.props",
            """
            <Project>
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <PublishAot>true</PublishAot>
                <TrimmerSingleWarn>false</TrimmerSingleWarn>
                <InvariantGlobalization>true</InvariantGlobalization>
              </PropertyGroup>
            </Project>
            """));
        string[] options = ["-c", "Release", "--use-current-runtime", "-o", "out", "-p:CppCompilerAndLinker=gcc"];
        var published = await Command.RunAsync(folder, "dotnet", ["publish", .. options]);
        Assert.True(published.ExitCode == 0, published.Output);
        Assert.DoesNotContain("warning", published.Output, StringComparison.OrdinalIgnoreCase);
        return new NativeApp(name, Path.Combine(folder, "out"));
    }
}
