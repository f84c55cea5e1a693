using System.Collections.Concurrent;
using System.Net;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>
/// Filters around enqueuing that wait for something while the request goes on. They have the request's services, as
/// with a durable job, and these live until the filters have ended.
/// </summary>
public sealed class FilterScopeTests
{
    private readonly ConcurrentQueue<string> _done = new();
    private readonly Gate _gate = new();

    [Theory]
    [InlineData("/add")]
    [InlineData("/spawn")]
    [InlineData("/both")]
    public async Task Request_EndsWhileAFilterWaits_KeepsItsServices(string path)
    {
        await using var site = await StartAsync();

        // The answer is there before the filter goes on.
        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync(path)).Status);
        _gate.Open.Set();
        await site.IdleAsync();

        Assert.Empty(site.Failures);
        Assert.All(_done, static line => Assert.Equal("ran for acme", line));
        Assert.Equal(path == "/both" ? 2 : 1, _done.Count);
        await _gate.Disposed.WaitAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ErrorPage_WhoseScopeEndsEarly_RunsItsJobs(bool ownScope)
    {
        await using var site = await StartAsync(ownScope);

        Assert.Equal((HttpStatusCode)500, (await site.GetAsync("/fails")).Status);
        _gate.Open.Set();
        await site.IdleAsync();

        Assert.Empty(site.Failures);
        Assert.Equal(["ran for no tenant"], _done);
    }

    [Fact]
    public async Task Spawn_InAScopeMadeWithinTheRequest_MeetsNoDisposedService()
    {
        await using var site = await StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync("/by-hand")).Status);
        _gate.Open.Set();
        await site.IdleAsync();

        Assert.Empty(site.Failures);
        Assert.Equal(["ran for no tenant"], _done);
    }

    private Task<TestSite> StartAsync(bool ownScope = false) => TestSite.StartAsync(
        app =>
        {
            app.UseExceptionHandler("/error", createScopeForErrors: ownScope);
            app.UseRouting();
            app.MapGet("/add", (Tenant tenant, BackgroundTasks background) =>
            {
                tenant.Name = "acme";
                background.Add(Job.Create("n"));
            });
            app.MapGet("/spawn", (Tenant tenant, TaskSpawner spawner) =>
            {
                tenant.Name = "acme";
                _ = spawner.Spawn(Job.Create("n"));
            });
            app.MapGet("/both", (BackgroundTasks background, Tenant tenant, TaskSpawner spawner) =>
            {
                tenant.Name = "acme";
                background.Add(Job.Create("n"));
                _ = spawner.Spawn(Job.Create("n"));
            });
            app.MapGet("/by-hand", async (IServiceScopeFactory scopes) =>
            {
                await using var scope = scopes.CreateAsyncScope();
                _ = scope.ServiceProvider.GetRequiredService<TaskSpawner>().Spawn(Job.Create("n"));
            });
            app.MapGet("/fails", () => { throw new InvalidOperationException("fails"); });
            app.MapGet("/error", static (BackgroundTasks background) => background.Add(Job.Create("n")));
        },
        set: (builder, lovage) =>
        {
            builder.Services.AddSingleton(_gate).AddScoped<Tenant>();
            lovage!.AddFilter<Stamp>().AddJob(new JobDefinition("n", job =>
            {
                _done.Enqueue($"ran for {job.Context.Headers["tenant"]}");
                return default;
            }));
        });

    public sealed class Gate
    {
        internal Signal Open { get; } = new();

        internal Signal Disposed { get; } = new();
    }

    public sealed class Tenant(Gate gate) : IDisposable
    {
        private bool _isDisposed;
        private string _name = "no tenant";

        public string Name
        {
            get
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                return _name;
            }
            set => _name = value;
        }

        public void Dispose()
        {
            _isDisposed = true;
            gate.Disposed.Set();
        }
    }

    /// <summary>Asks its scope for a service once it has waited.</summary>
    public sealed class Stamp(IServiceProvider services, Gate gate) : IJobFilter
    {
        public async ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
        {
            await gate.Open.WhenSet;
            context.Job = context.Job with
            {
                Headers = new Dictionary<string, string>
                {
                    ["tenant"] = services.GetRequiredService<Tenant>().Name,
                },
            };
            await next();
        }
    }
}
