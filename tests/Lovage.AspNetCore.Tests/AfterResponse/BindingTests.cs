using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>Where an app may ask for the request's list, and what it is told when it forgot to add Lovage.</summary>
public sealed class BindingTests
{
    private const string Line = "add builder.AddLovage();";

    private readonly ConcurrentQueue<string> _done = new();

    [Fact]
    public async Task Services_DeepInTheRequest_ShareTheListOfTheEndpoint()
    {
        await using var site = await StartAsync(app =>
        {
            app.Use((context, next) =>
            {
                context.RequestServices.GetRequiredService<BackgroundTasks>()
                    .Add("middleware", () => _done.Enqueue("middleware"));
                return next(context);
            });
            app.UseRouting();
            app.MapPost(
                "/",
                (BackgroundTasks background, Outer outer, [FromServices] BackgroundTasks asked, HttpContext context) =>
                {
                    background.Add("endpoint", () => _done.Enqueue("endpoint"));
                    outer.Add();
                    asked.Add("asked", () => _done.Enqueue("asked"));
                    using var nested = context.RequestServices.CreateScope();
                    nested.ServiceProvider.GetRequiredService<Inner>().Add("nested scope");
                    return ReferenceEquals(background, asked) && ReferenceEquals(background, outer.Background);
                });
        });

        Assert.Equal((HttpStatusCode.OK, "true"), await site.PostAsync("/", "{}"));

        await site.IdleAsync();
        Assert.Equal(["middleware", "endpoint", "inner", "asked", "nested scope"], _done);
    }

    [Fact]
    public async Task Requests_Two_HaveAListEach()
    {
        var lists = new ConcurrentQueue<BackgroundTasks>();
        await using var site = await StartAsync(
            app => app.MapGet("/", (BackgroundTasks background) => lists.Enqueue(background)));
        using var connection = await site.ConnectAsync();

        await connection.ExchangeAsync("GET", "/");
        await connection.ExchangeAsync("GET", "/");

        Assert.Equal(2, lists.Distinct().Count());
    }

    [Theory]
    [InlineData("/api/action", "{\"name\":\"x\"}")]
    [InlineData("/api/action", "")]
    [InlineData("/plain/action", "{\"name\":\"x\"}")]
    [InlineData("/plain/action", "")]
    public async Task Controllers_ActionParameterAndConstructor_ShareTheList(string path, string body)
    {
        await using var site = await StartAsync(app => app.MapControllers());

        Assert.Equal((HttpStatusCode.OK, "True"), await site.PostAsync(path, body));

        await site.IdleAsync();
        Assert.Equal(["constructor", "action", "inner"], _done);
    }

    [Fact]
    public async Task Controllers_ActionParameterBesideABody_ReadsTheBodyForTheOther()
    {
        await using var site = await StartAsync(app => app.MapControllers());

        Assert.Equal((HttpStatusCode.OK, "alice"), await site.PostAsync("/api/body", "{\"name\":\"alice\"}"));

        await site.IdleAsync();
        Assert.Equal(["alice"], _done);
    }

    [Fact]
    public async Task MinimalEndpoint_ParameterBesideABody_ReadsTheBodyForTheOther()
    {
        await using var site = await StartAsync(app => app.MapPost("/", (Mail mail, BackgroundTasks background) =>
        {
            background.Add("mail", () => _done.Enqueue(mail.Name));
            return mail.Name;
        }));

        Assert.Equal((HttpStatusCode.OK, "alice"), await site.PostAsync("/", "{\"name\":\"alice\"}"));

        await site.IdleAsync();
        Assert.Equal(["alice"], _done);
    }

    [Theory]
    [InlineData("/minimal", "{\"name\":\"x\"}")]
    [InlineData("/minimal", "")]
    [InlineData("/minimal", "null")]
    [InlineData("/api/forgotten", "{\"name\":\"x\"}")]
    [InlineData("/api/forgotten", "")]
    [InlineData("/api/forgotten", "null")]
    [InlineData("/plain/forgotten", "{\"name\":\"x\"}")]
    [InlineData("/plain/forgotten", "")]
    public async Task WithoutLovage_PostThatTakesBackgroundTasks_SaysWhichLineToAdd(string path, string body)
    {
        await using var site = await TestSite.StartAsync(
            app =>
            {
                app.MapPost("/minimal", (BackgroundTasks background) => _done.Enqueue("ran"));
                app.MapControllers();
            },
            set: (builder, _) => builder.Services.AddSingleton(_done).AddControllers(),
            withLovage: false);

        Assert.Equal(HttpStatusCode.InternalServerError, (await site.PostAsync(path, body)).Status);

        Assert.Empty(_done);
        Assert.Contains(site.Log.Lines, line => line.Error is InvalidOperationException error
            && error.Message.Contains(Line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serializer_AskedToReadOrWriteIt_SaysWhatToDo()
    {
        var read = Assert.Throws<InvalidOperationException>(() => JsonSerializer.Deserialize<BackgroundTasks>("{}"));
        Assert.Contains(Line, read.Message, StringComparison.Ordinal);
        await using var site = await StartAsync(app => app.MapGet("/", (BackgroundTasks background) => background));

        Assert.Equal(HttpStatusCode.InternalServerError, (await site.GetAsync("/")).Status);

        Assert.Contains(
            site.Log.Lines,
            line => line.Error?.Message.Contains("cannot be an answer", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Service_OutsideOfARequest_IsToldToUseTheSpawner()
    {
        await using var site = await StartAsync(app => app.MapGet("/", () => "ok"));
        await using var scope = site.App.Services.CreateAsyncScope();

        var none = Assert.Throws<InvalidOperationException>(
            () => scope.ServiceProvider.GetRequiredService<BackgroundTasks>());

        Assert.Contains("TaskSpawner", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenApi_EndpointsThatTakeIt_ShowNeitherParameterNorBody()
    {
        await using var site = await StartAsync(
            app =>
            {
                app.MapOpenApi();
                app.MapPost("/notify", (BackgroundTasks background) => "ok");
                app.MapPost("/mail", (Mail mail, BackgroundTasks background) => "ok");
                app.MapControllers();
            },
            services => services.AddOpenApi());

        var (status, body) = await site.GetAsync("/openapi/v1.json");

        Assert.Equal(HttpStatusCode.OK, status);
        var paths = JsonElement.Parse(body).GetProperty("paths");
        foreach (var path in new[] { "/notify", "/api/action", "/plain/action" })
        {
            var post = paths.GetProperty(path).GetProperty("post");
            Assert.False(post.TryGetProperty("requestBody", out _), $"{path} {post}");
            Assert.False(post.TryGetProperty("parameters", out _), $"{path} {post}");
        }

        foreach (var path in new[] { "/mail", "/api/body" })
        {
            var post = paths.GetProperty(path).GetProperty("post");
            Assert.Contains("Mail", post.GetProperty("requestBody").ToString(), StringComparison.Ordinal);
            Assert.False(post.TryGetProperty("parameters", out _), $"{path} {post}");
        }

        Assert.DoesNotContain("BackgroundTasks", body, StringComparison.Ordinal);
    }

    private Task<TestSite> StartAsync(Action<WebApplication> map, Action<IServiceCollection>? services = null) =>
        TestSite.StartAsync(map, set: (builder, _) =>
        {
            builder.Services.AddSingleton(_done).AddScoped<Outer>().AddScoped<Inner>().AddControllers();
            services?.Invoke(builder.Services);
        });

    public sealed record Mail(string Name);

    public sealed class Outer(Inner inner, BackgroundTasks background)
    {
        public BackgroundTasks Background => background;

        public void Add() => inner.Add("inner");
    }

    public sealed class Inner(BackgroundTasks background, ConcurrentQueue<string> done)
    {
        public void Add(string name) => background.Add(name, () => done.Enqueue(name));
    }
}

[ApiController]
[Route("api")]
public sealed class ApiTasksController(
    BackgroundTasks background, BindingTests.Outer outer, ConcurrentQueue<string> done) : ControllerBase
{
    [HttpPost("action")]
    public string Post(BackgroundTasks tasks)
    {
        background.Add("constructor", () => done.Enqueue("constructor"));
        tasks.Add("action", () => done.Enqueue("action"));
        outer.Add();
        return $"{ReferenceEquals(background, tasks)}";
    }

    [HttpPost("body")]
    public string Post(BindingTests.Mail mail, BackgroundTasks tasks)
    {
        tasks.Add("mail", () => done.Enqueue(mail.Name));
        return mail.Name;
    }
}

/// <summary>Without [ApiController], as in an app of pages: nothing is inferred for its parameters.</summary>
[Route("plain")]
public sealed class PlainTasksController(
    BackgroundTasks background, BindingTests.Outer outer, ConcurrentQueue<string> done) : Controller
{
    [ApiExplorerSettings(IgnoreApi = false)]
    [HttpPost("action")]
    public string Post(BackgroundTasks tasks)
    {
        background.Add("constructor", () => done.Enqueue("constructor"));
        tasks.Add("action", () => done.Enqueue("action"));
        outer.Add();
        return $"{ReferenceEquals(background, tasks)}";
    }
}

/// <summary>For an app without Lovage: nothing of it by constructor, which the container would refuse first.</summary>
[ApiController]
public sealed class ForgottenApiController(ConcurrentQueue<string> done) : ControllerBase
{
    [HttpPost("/api/forgotten")]
    public void Post(BackgroundTasks tasks) => done.Enqueue($"ran with {tasks}");
}

[Route("plain")]
public sealed class ForgottenPlainController(ConcurrentQueue<string> done) : Controller
{
    [HttpPost("forgotten")]
    public void Post(BackgroundTasks tasks) => done.Enqueue($"ran with {tasks}");
}
