using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Clients;

public sealed class EnqueueFilterTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EnqueueAsync_SeveralFilters_RunInOrderOfRegistrationThenTheJobsOwn()
    {
        var trail = new Trail();
        await using var app = await TestApp.StartAsync(lovage =>
        {
            lovage.Services.AddSingleton(trail).AddTransient<Own>();
            lovage.AddFilter<Outer>()
                .AddFilter<Inner>()
                .AddJob(new JobDefinition("n", static _ => default) { Filters = [typeof(Own)] });
        });

        await app.Jobs.EnqueueAsync(Job.Create("n"), Cancel);
        await app.Jobs.EnqueueAsync(Job.Create("other"), Cancel);

        Assert.Equal(
            ["outer", "inner", "own", "/own", "/inner", "/outer", "outer", "inner", "/inner", "/outer"], trail.Steps);
    }

    [Fact]
    public async Task EnqueueAsync_FilterReplacesTheJob_StoresItsChoice()
    {
        await using var app = await TestApp.StartAsync(
            lovage => lovage.AddFilter<Tenant>().Services.AddScoped(static _ => new CurrentTenant("acme")));
        var handle = await app.Jobs.EnqueueAsync(Job.Create("n", 1), Cancel);
        var several = await app.Jobs.EnqueueAsync([Job.Create("n", 2), Job.Create("n", 3)], Cancel);

        foreach (var id in several.Select(one => one.Id).Append(handle.Id))
        {
            var message = (await app.Inspector.FindAsync(id, Cancel))!.Message;
            Assert.Equal(("tenants", "acme"), (message.Queue, message.Headers["tenant"]));
        }
    }

    [Fact]
    public async Task EnqueueAsync_ClientOfAScope_BuildsFiltersFromThatScope()
    {
        await using var app = await TestApp.StartAsync(
            lovage => lovage.AddFilter<Tenant>().Services.AddScoped(static _ => new CurrentTenant("unset")));
        await using var scope = app.Host.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentTenant>().Name = "of-this-request";

        var handle = await scope.ServiceProvider.GetRequiredService<JobClient>().EnqueueAsync(Job.Create("n"), Cancel);
        Assert.Equal("of-this-request", (await app.Inspector.FindAsync(handle.Id, Cancel))!.Message.Headers["tenant"]);
    }

    [Fact]
    public async Task EnqueueAsync_FilterThrows_StoresNothing()
    {
        await using var app = await TestApp.StartAsync(lovage => lovage.AddFilter<Refuse>());
        await Assert.ThrowsAsync<UnauthorizedAccessException>(
            async () => await app.Jobs.EnqueueAsync(Job.Create("n"), Cancel));
        Assert.Empty((await app.Inspector.ListAsync(cancellationToken: Cancel)).Jobs);
    }

    [Fact]
    public async Task EnqueueAsync_FilterForgetsNext_IsAnError()
    {
        await using var app = await TestApp.StartAsync(lovage => lovage.AddFilter<Forgetful>());
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await app.Jobs.EnqueueAsync(Job.Create("n"), Cancel));
        Assert.Contains("without calling next", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnqueueAsync_ArgumentChangedWhileAFilterWaits_KeepsWhatItWas()
    {
        var pause = new Pause();
        await using var app = await TestApp.StartAsync(lovage => lovage.AddFilter<Slow>().Services.AddSingleton(pause));
        var list = new List<int> { 1 };
        var enqueue = app.Jobs.EnqueueAsync(Job.Create("n", list), Cancel).AsTask();
        list[0] = 2;
        pause.Over.SetResult();

        var message = (await app.Inspector.FindAsync((await enqueue).Id, Cancel))!.Message;
        Assert.StartsWith("[[[1]]", System.Text.Encoding.UTF8.GetString(message.Body.Span), StringComparison.Ordinal);
        Assert.Equal("late", message.Queue);
    }

    public sealed class Trail
    {
        public System.Collections.ObjectModel.Collection<string> Steps { get; } = [];

        public async ValueTask StepAsync(string name, Func<ValueTask> next)
        {
            Steps.Add(name);
            await next();
            Steps.Add("/" + name);
        }
    }

    public sealed class Outer(Trail trail) : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next) =>
            trail.StepAsync("outer", next);
    }

    public sealed class Inner(Trail trail) : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next) =>
            trail.StepAsync("inner", next);
    }

    public sealed class Own(Trail trail) : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next) =>
            trail.StepAsync("own", next);
    }

    public sealed class CurrentTenant(string name)
    {
        public string Name { get; set; } = name;
    }

    public sealed class Tenant(CurrentTenant tenant) : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
        {
            context.Job = context.Job with
            {
                Queue = "tenants",
                Headers = new Dictionary<string, string> { ["tenant"] = tenant.Name },
            };
            return next();
        }
    }

    public sealed class Refuse : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next) =>
            throw new UnauthorizedAccessException();
    }

    public sealed class Forgetful : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next) => default;
    }

    public sealed class Pause
    {
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public sealed class Slow(Pause pause) : IJobFilter
    {
        public async ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
        {
            await pause.Over.Task;
            context.Job = context.Job with { Queue = "late" };
            await next();
        }
    }
}
