using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Lovage.Generators.Tests;

/// <summary>
/// A web shop's code, compiled in memory against the real ASP.NET Core and Lovage, with the analyzer looking on.
/// </summary>
internal sealed record AnalyzedSource(string Code)
{
    // Entity Framework is no part of ASP.NET Core: what the analyzer knows of it is its names.
    private const string Shop = """
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Identity;
        global using Microsoft.AspNetCore.Mvc;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.EntityFrameworkCore;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.DependencyInjection.Extensions;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        global using Microsoft.Extensions.Options;
        global using System.IO.Pipelines;
        global using System.Net.Http;
        global using System.Security.Claims;

        namespace Microsoft.EntityFrameworkCore
        {
            public abstract class DbContext : IDisposable
            {
                public Task<int> SaveChangesAsync(CancellationToken token = default) => Task.FromResult(0);
                public void Dispose() { }
            }

            public interface IDbContextFactory<T> where T : DbContext { T CreateDbContext(); }
        }

        namespace Microsoft.Extensions.DependencyInjection
        {
            public static class EntityFrameworkServiceCollectionExtensions
            {
                public static IServiceCollection AddDbContext<TService, T>(this IServiceCollection services) where T
                    : Microsoft.EntityFrameworkCore.DbContext, TService => services;
            }
        }

        public interface IStore { Task<int> SaveChangesAsync(CancellationToken token = default); }
        public sealed class ShopDb : DbContext, IStore;
        public interface ICart { Task ClearAsync(); }
        public class Cart : ICart { public Task ClearAsync() => Task.CompletedTask; }
        public interface IMailer { Task SendAsync(string to); }
        public class Mailer : IMailer { public Task SendAsync(string to) => Task.CompletedTask; }
        public class Clock { public Task TickAsync() => Task.CompletedTask; }
        public interface IRepository<T> { Task SaveAsync(); }
        public class Repository<T> : IRepository<T> { public Task SaveAsync() => Task.CompletedTask; }
        public sealed class Tenant { public Task TouchAsync() => Task.CompletedTask; }
        public sealed class Basket { public Task EmptyAsync() => Task.CompletedTask; }
        public sealed class Ledger { public Task CloseAsync() => Task.CompletedTask; }
        public sealed record Order(int Id, string Email);

        public static class ShopServices
        {
            public static void AddShop(this IServiceCollection services)
            {
                services.AddDbContext<IStore, ShopDb>();
                services.AddScoped<ICart, Cart>().AddSingleton<IMailer, Mailer>();
                services.AddTransient<Clock>();
                services.AddScoped(typeof(IRepository<>), typeof(Repository<>));
                services.TryAddScoped(_ => new Tenant());
                services.Add(ServiceDescriptor.Scoped<Basket, Basket>());
                services.AddScoped<Ledger>();
                services.AddKeyedSingleton<Ledger>("main");
            }
        }

        """;

    /// <summary>The statements of an app's start, with <c>app</c> at hand.</summary>
    internal static AnalyzedSource Endpoint(string statements) => new($$"""
        public static partial class Program
        {
            public static Task UseAsync(params object?[] values) => Task.CompletedTask;

            public static void Map(WebApplication app)
            {
                {{statements}}
            }
        }
        """);

    /// <summary>Each finding as <c>LVG0021 at the code it points at</c>.</summary>
    internal async Task<IEnumerable<string>> FindingsAsync() =>
        (await DiagnosticsAsync())
            .Where(static d => !d.IsSuppressed)
            .Select(static d => $"{d.Id} at {d.Location.SourceTree!.GetText().ToString(d.Location.SourceSpan)}");

    internal Task<IReadOnlyList<Diagnostic>> DiagnosticsAsync() => DiagnosticsAsync(Compile());

    internal static async Task<IReadOnlyList<Diagnostic>> DiagnosticsAsync(
        Compilation compilation, TaskCaptureAnalyzer? analyzer = null)
    {
        // The compiler's own findings come with the analyzer's: code that means nothing would be silent.
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]),
            onAnalyzerException: null,
            concurrentAnalysis: true,
            logAnalyzerExecutionTime: false,
            reportSuppressedDiagnostics: true);
        var found = await compilation.WithAnalyzers([analyzer ?? new TaskCaptureAnalyzer()], options)
            .GetAllDiagnosticsAsync(TestContext.Current.CancellationToken);
        Assert.Empty(found.Where(
            static d => d.Severity == DiagnosticSeverity.Error || d.Id.StartsWith("AD", StringComparison.Ordinal)));
        return [.. found.Where(static d => d.Id.StartsWith("LVG", StringComparison.Ordinal))
            .OrderBy(static d => d.Location.SourceSpan.Start)];
    }

    internal CSharpCompilation Compile()
    {
        var source = Source.Of(Code);
        return source.Compile().AddSyntaxTrees(source.Parse(Shop, "Shop.cs"));
    }
}
