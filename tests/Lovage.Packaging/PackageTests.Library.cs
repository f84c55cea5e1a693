using System.Net.Http.Json;

namespace Lovage.Packaging;

public sealed partial class PackageTests
{
    [Fact]
    public async Task Specification_OfAStorage_RunsAgainstThePackages()
    {
        var folder = feed.App(
            "specification",
            ("Own.Tests.csproj",
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <OutputType>Exe</OutputType>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <NoWarn>$(NoWarn);LVGS001</NoWarn>
                <UseMicrosoftTestingPlatformRunner>true</UseMicrosoftTestingPlatformRunner>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Lovage.Specification" Version="VERSION" />
                <PackageReference Include="xunit.v3" Version="4.0.2" />
              </ItemGroup>
            </Project>
            """),
            ("OwnStorage.cs",
            """
            using Lovage.Specification;
            using Lovage.Storage.Memory;

            public sealed class OwnFixture : StorageFixture
            {
                public override async ValueTask<StorageScope> OpenAsync()
                {
                    var time = new ManualTimeProvider();
                    var storage = new MemoryStorage(time);
                    await storage.OpenAsync(CancellationToken.None);
                    return new StorageScope(storage, storage, time);
                }
            }

            public sealed class OwnPublish : PublishSpecification<OwnFixture>;

            public sealed class OwnLease : LeaseSpecification<OwnFixture>;
            """));

        var built = await Command.RunAsync(folder, "dotnet", "build", "-c", "Release", "-o", "out");
        Assert.True(built.ExitCode == 0, built.Output);
        var ran = await Command.RunAsync(folder, "dotnet", "out/Own.Tests.dll");
        Assert.True(ran.ExitCode == 0, ran.Output);
        Assert.Matches("succeeded: [1-9][0-9]", ran.Output);
    }

    [Fact]
    public async Task Jobs_InALibrary_RunInTheAppThatAddsItsCatalog()
    {
        var folder = feed.App(
            "shop",
            ("Billing/Billing.csproj",
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Lovage" Version="VERSION" />
              </ItemGroup>
            </Project>
            """),
            ("Billing/InvoiceJobs.cs",
            """
            using Lovage;

            namespace Billing;

            public interface ITax
            {
                decimal Of(decimal net);
            }

            public sealed record Invoice(string Customer, decimal Net);

            public sealed class InvoiceJobs(ITax tax)
            {
                [Job("billing.total")]
                public decimal Total(Invoice invoice, JobContext context) =>
                    invoice.Net + tax.Of(invoice.Net) + (context.Attempt - 1);
            }
            """),
            ("App/App.csproj", WebProject.Replace(
                "</ItemGroup>",
                """<ProjectReference Include="../Billing/Billing.csproj" /></ItemGroup>""",
                StringComparison.Ordinal)),
            ("App/Program.cs",
            """
            using Billing;
            using Lovage;

            var builder = WebApplication.CreateBuilder(args);
            builder.Services.AddSingleton<ITax, FifthTax>();
            builder.AddLovage().AddJobs(BillingJobs.Catalog).AddWorker();
            var app = builder.Build();
            app.MapPost("/total/{net}", async (decimal net, JobClient jobs) =>
            {
                var handle = await jobs.EnqueueAsync(InvoiceJobs.Total(new Invoice("Ada", net)));
                return await handle.WaitAsync();
            });
            app.Run();

            internal sealed class FifthTax : ITax
            {
                public decimal Of(decimal net) => net / 5;
            }
            """));

        await ServesAsync(Path.Combine(folder, "App"), "App", async http =>
        {
            using var answer = await http.PostAsync("/total/100", null);
            Assert.Equal(120m, await answer.Content.ReadFromJsonAsync<decimal>());
        });
    }

    [Fact]
    public async Task TrimmedPublish_WithSqlite_RunsAJobWithoutWarnings()
    {
        var folder = feed.App(
            "trimmed",
            ("Trimmed.csproj",
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <PublishTrimmed>true</PublishTrimmed>
                <TrimmerSingleWarn>false</TrimmerSingleWarn>
                <InvariantGlobalization>true</InvariantGlobalization>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Lovage" Version="VERSION" />
                <PackageReference Include="Lovage.Sqlite" Version="VERSION" />
                <PackageReference Include="Microsoft.Extensions.Hosting" Version="10.0.15" />
              </ItemGroup>
            </Project>
            """),
            ("Program.cs",
            """
            using System.ComponentModel.DataAnnotations;
            using System.Diagnostics.CodeAnalysis;
            using System.Text.Json.Serialization;
            using Lovage;
            using Microsoft.Extensions.DependencyInjection;
            using Microsoft.Extensions.Hosting;

            var builder = Host.CreateApplicationBuilder(args);
            builder.AddLovage().AddJobs().AddWorker().AddJsonContext(Contracts.Default);
            using var host = builder.Build();
            await host.StartAsync();
            var jobs = host.Services.GetRequiredService<JobClient>();
            var handle = await jobs.EnqueueAsync(SumJobs.Sum(new Numbers([new(1), new(2), new(39)]), "kg"));
            Console.WriteLine($"the sum is {(await handle.WaitAsync())?.Value}");
            try
            {
                await jobs.EnqueueAsync(SumJobs.Sum(new Numbers([new(1), new(1_000)]), ""));
            }
            catch (BadArgumentsException refused)
            {
                Console.WriteLine(refused.Message);
            }

            try
            {
                await jobs.EnqueueAsync(Job.Create("sum", new Numbers([]), "kg", 1));
            }
            catch (BadArgumentsException refused)
            {
                Console.WriteLine(refused.Message);
            }

            await host.StopAsync();

            public sealed record Numbers(IReadOnlyList<Number> Values) : IValidatableObject
            {
                public IEnumerable<ValidationResult> Validate(ValidationContext context) => Values.Count > 0 ? []
                    : [new("There are none.")];
            }

            public sealed record Number([Range(0, 100)] int Value);

            public sealed record Total(int Value);

            public sealed class SumJobs
            {
                // The attribute's own constructor asks for this; the generated code must not ask again.
                [Job("sum"), UnconditionalSuppressMessage("Trimming", "IL2026",
                    Justification = "A text has a length without reflection.")]
                public Total Sum(Numbers numbers, [MinLength(2)] string unit) =>
                    new(numbers.Values.Sum(number => number.Value));
            }

            [JsonSerializable(typeof(Numbers))]
            [JsonSerializable(typeof(Total))]
            internal sealed partial class Contracts : JsonSerializerContext;
            """));

        var published = await Command.RunAsync(
            folder, "dotnet", "publish", "-c", "Release", "--use-current-runtime", "--self-contained", "-o", "out");
        Assert.True(published.ExitCode == 0, published.Output);
        Assert.DoesNotContain("warning", published.Output, StringComparison.OrdinalIgnoreCase);

        var ran = await Command.RunAsync(folder, Path.Combine(folder, "out", "Trimmed"));
        Assert.True(ran.ExitCode == 0, ran.Output);
        Assert.Contains("the sum is 42", ran.Output, StringComparison.Ordinal);
        Assert.Contains(
            "Job 'sum': argument 'numbers.values[1].value': The field value must be between 0 and 100. argument "
                + "'unit': The field unit must be a string or array type with a minimum length of '2'.",
            ran.Output,
            StringComparison.Ordinal);
        Assert.Contains(
            "Job 'sum': arguments given by position: 3; the handler takes 2 (numbers, unit).",
            ran.Output,
            StringComparison.Ordinal);
    }

    /// <summary>The blocks of C# on a page.</summary>
    private static IEnumerable<string> Examples(string page) =>
        page.Split("```csharp").Skip(1).Select(static block => block[..block.IndexOf("```", StringComparison.Ordinal)]);

    /// <summary>Statements, with what an app has at hand where they would stand.</summary>
    private static string InMethod(string statements, int number) =>
        $$"""
        internal static class Example{{number}}
        {
            internal static async Task RunAsync(WebApplicationBuilder builder, WebApplication app, JobClient jobs,
                TaskSpawner spawner, ScheduleClient schedules, HttpClient http, CancellationToken cancellationToken)
            {
                await Task.Yield();
                {{statements}}
            }
        }
        """;

    /// <summary>Builds the app, starts it on a free port, and lets <paramref name="use"/> talk to it.</summary>
    private static async Task ServesAsync(string folder, string name, Func<HttpClient, Task> use)
    {
        var built = await Command.RunAsync(folder, "dotnet", "build", "-c", "Release", "-o", "out");
        Assert.True(built.ExitCode == 0, built.Output);

        await WebProcess.ServesAsync(folder, "dotnet", [Path.Combine("out", $"{name}.dll")], (http, _) => use(http));
    }
}
