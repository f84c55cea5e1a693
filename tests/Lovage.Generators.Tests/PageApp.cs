namespace Lovage.Generators.Tests;

/// <summary>What the pages take for granted: the app around their blocks.</summary>
internal static class PageApp
{
    /// <summary>The namespaces of a web project, and what a block has at hand.</summary>
    internal const string Code = """
        global using System.Data.Common;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Net.Http.Json;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        global using Lovage.PostgreSql;
        global using Lovage.Testing;
        global using Microsoft.EntityFrameworkCore;
        global using Npgsql;
        global using Polly;
        global using System.Text.Json;
        global using Polly.Retry;
        global using Shop.Jobs;

        public abstract class App
        {
            protected static readonly WebApplicationBuilder builder = null!;
            protected static readonly WebApplication app = null!;
            protected static readonly JobClient jobs = null!;
            protected static readonly TaskSpawner spawner = null!;
            protected static readonly ScheduleClient schedules = null!;
            protected static readonly JobInspector inspector = null!;
            protected static readonly ILogger log = null!;
            protected static readonly HttpClient http = null!;
            protected static readonly NpgsqlDataSource database = null!;
            protected static readonly ShopDb context = null!;
            protected static readonly MailJobs mailJobs = null!;
            protected static readonly Order order = null!;
            protected static readonly JobId id;
            protected static readonly WorkerRecord worker = null!;
            protected static readonly string owner = "";
            protected static readonly string email = "";
            protected static readonly DateTimeOffset from;
            protected static readonly DateTimeOffset until;
            protected static readonly CancellationToken ct;
            protected static readonly CancellationToken cancellationToken;

            protected static Task BookAsync(DbTransaction transaction, string invoice, CancellationToken ct) =>
                Task.CompletedTask;
            protected static Task SaveOrderAsync(DbTransaction transaction, Order order, CancellationToken ct) =>
                Task.CompletedTask;
            protected static Task QueueAsync(Job job) => Task.CompletedTask;
        }
        """;

    /// <summary>Types that several pages name, each used by the pages that do not declare it.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Types = new Dictionary<string, string>
    {
        ["Program"] = "public sealed class Program;",
        ["Order"] = "public sealed record Order(int Id, string Email);",
        ["ShopDb"] = """
            public sealed class ShopDb : DbContext { public Task IndexAsync(int order) => Task.CompletedTask; }
            """,
        ["Audit"] = "public static class Audit { public static void Write(int order, string? user) { } }",
        ["Ledger"] = """
            public sealed class Ledger(HttpClient http)
            {
                public void Book(int invoice) => http.CancelPendingRequests();
            }
            """,
        ["Thumbnails"] =
            "public static class Thumbnails { public static void Make(string path, CancellationToken ct) { } }",
        ["Books"] = "public static class Books { public static void Close(DateTimeOffset day) { } }",
        ["ItemLog"] = "public sealed class ItemLog { public void Append(string line) { } }",
        ["MailJobs"] = """
            public sealed class MailJobs
            {
                [Job("mail.of_the_app")]
                public Task WelcomeAsync(string email, CancellationToken ct) => Task.CompletedTask;
            }
            """,
        ["ReportJobs"] = """
            public sealed class ReportJobs
            {
                [Job("report.monthly")]
                public int Monthly(int year, int month) => 30;
            }
            """,
        ["CacheJobs"] = """
            public sealed class CacheJobs { [Job("cache.refresh")] public void Refresh(string what) { } }
            """,
        ["ImportJobs"] = """
            public sealed class ImportJobs { [Job("import.run")] public void Run(string what) { } }
            """,
    };
}
