using System.Collections.Concurrent;
using System.Net;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>Requests whose services come from another container than Microsoft's.</summary>
public sealed class ForeignContainerTests
{
    private readonly ConcurrentQueue<string> _done = new();

    [Fact]
    public async Task Request_ScopesOfAnotherContainer_HasOneListAndRunsIt()
    {
        await using var site = await StartAsync(
            app => app.MapGet("/", (BackgroundTasks background, Deep deep, HttpContext context) =>
            {
                background.Add("endpoint", (Place place) => _done.Enqueue($"endpoint in the {place.Name}"));
                deep.Add();
                return $"{context.RequestServices.GetType().Name} {ReferenceEquals(background, deep.Background)}";
            }),
            services => services.AddSingleton<IHttpContextFactory>(
                static provider => new DefaultHttpContextFactory(new ForeignProvider(provider))));

        Assert.Equal((HttpStatusCode.OK, $"{nameof(ForeignProvider)} True"), await site.GetAsync("/"));

        await site.IdleAsync();
        Assert.Equal(["endpoint in the app", "deep"], _done);
    }

    [Fact]
    public async Task Request_ServicesOfATenantWithoutLovage_UsesTheListOfTheApp()
    {
        await using var tenant = new ServiceCollection().AddSingleton(new Place("tenant")).BuildServiceProvider();
        await using var site = await StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                context.RequestServices = tenant;
                return next(context);
            });
            app.UseRouting();
            app.MapGet("/", (BackgroundTasks background, HttpContext context) =>
            {
                background.Add("endpoint", (Place place) => _done.Enqueue($"endpoint in the {place.Name}"));
                return context.RequestServices.GetRequiredService<Place>().Name;
            });
        });

        Assert.Equal((HttpStatusCode.OK, "tenant"), await site.GetAsync("/"));

        // What a task takes comes from a scope of its own, which is the app's: the tenant's may be gone by then.
        await site.IdleAsync();
        Assert.Equal(["endpoint in the app"], _done);
    }

    private Task<TestSite> StartAsync(Action<WebApplication> map, Action<IServiceCollection>? services = null) =>
        TestSite.StartAsync(map, set: (builder, _) =>
        {
            builder.Services.AddSingleton(_done).AddSingleton(new Place("app")).AddScoped<Deep>();
            services?.Invoke(builder.Services);
        });

    public sealed record Place(string Name);

    public sealed class Deep(BackgroundTasks background, ConcurrentQueue<string> done)
    {
        public BackgroundTasks Background => background;

        public void Add() => background.Add("deep", () => done.Enqueue("deep"));
    }

    /// <summary>
    /// As containers other than the framework's have it: what makes scopes is no provider of services itself.
    /// </summary>
    private sealed class ForeignProvider(IServiceProvider inner) : IServiceProvider
    {
        public object? GetService(Type serviceType) =>
            serviceType == typeof(IServiceProvider) ? this
            : serviceType == typeof(IServiceScopeFactory)
                ? new ForeignScopes(inner.GetRequiredService<IServiceScopeFactory>())
            : inner.GetService(serviceType);
    }

    private sealed class ForeignScopes(IServiceScopeFactory inner) : IServiceScopeFactory
    {
        public IServiceScope CreateScope() => new ForeignScope(inner.CreateScope());
    }

    private sealed class ForeignScope(IServiceScope inner) : IServiceScope
    {
        public IServiceProvider ServiceProvider { get; } = new ForeignProvider(inner.ServiceProvider);

        public void Dispose() => inner.Dispose();
    }
}
