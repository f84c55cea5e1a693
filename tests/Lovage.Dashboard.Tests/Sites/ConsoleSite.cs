using System.Net;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Lovage.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Lovage.Dashboard.Tests.Sites;

/// <summary>A real app on a real port that maps the console.</summary>
internal sealed class ConsoleSite : IAsyncDisposable
{
    /// <summary>The header by which a test says who asks: a role.</summary>
    internal const string Role = "X-Test-Role";

    private ConsoleSite(WebApplication app, TestLog log)
    {
        App = app;
        Log = log;
        Http.BaseAddress = new Uri(app.Urls.Single());
    }

    public WebApplication App { get; }

    public TestLog Log { get; }

    public HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public JobInspector Jobs => App.Services.GetRequiredService<JobInspector>();

    public JobClient Client => App.Services.GetRequiredService<JobClient>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts an app whose console is open to everyone, unless said otherwise.</summary>
    public static async Task<ConsoleSite> StartAsync(
        Action<WebApplication>? map = null,
        Action<DashboardOptions>? options = null,
        Action<WebApplicationBuilder, LovageBuilder>? set = null,
        string? environment = null,
        string storage = "memory:")
    {
        var log = new TestLog();
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { EnvironmentName = environment ?? Environments.Production });
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Information);
        var lovage = builder.AddLovage().UseStorage(storage);
        set?.Invoke(builder, lovage);
        var app = builder.Build();
        if (map is null)
        {
            app.MapLovageDashboard("/lovage", options).AllowAnonymous();
        }
        else
        {
            map(app);
        }

        await app.StartAsync(Cancel);
        return new ConsoleSite(app, log);
    }

    /// <summary>Services that make a role of the test's header a person with policies of Lovage's names.</summary>
    public static void AddRoles(WebApplicationBuilder builder)
    {
        builder.Services.AddAuthentication("test")
            .AddScheme<AuthenticationSchemeOptions, RoleAuthentication>("test", null);
        builder.Services.AddAuthorizationBuilder()
            .AddPolicy("Ops", static policy => policy.RequireAuthenticatedUser())
            .AddPolicy(
                DashboardOptions.ViewPolicy,
                static policy => policy.RequireRole("viewer", "payloads", "operator", "administrator"))
            .AddPolicy(
                DashboardOptions.ViewPayloadsPolicy,
                static policy => policy.RequireRole("payloads", "administrator"))
            .AddPolicy(DashboardOptions.OperatePolicy, static policy => policy.RequireRole("operator", "administrator"))
            .AddPolicy(DashboardOptions.AdministerPolicy, static policy => policy.RequireRole("administrator"));
    }

    public Task<ConsoleAnswer> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, null, headers);

    public Task<ConsoleAnswer> PostAsync(
        string path, string json = "{}", params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, json, [("X-Lovage", "1"), .. headers]);

    public async Task<ConsoleAnswer> SendAsync(
        HttpMethod method,
        string path,
        string? json,
        (string Name, string Value)[] headers,
        string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (json is not null)
        {
            request.Content = new StringContent(json, System.Net.Http.Headers.MediaTypeHeaderValue.Parse(contentType));
        }

        using var response = await Http.SendAsync(request, Cancel);
        return new ConsoleAnswer(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(Cancel),
            response.Content.Headers.ContentType?.MediaType,
            response.Headers.Concat(response.Content.Headers)
                .ToDictionary(
                    static header => header.Key,
                    static header => string.Join(", ", header.Value),
                    StringComparer.OrdinalIgnoreCase));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.DisposeAsync();
    }

    private sealed class RoleAuthentication(
        IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers[Role].ToString() is { Length: > 0 } role
                ? AuthenticateResult.Success(new AuthenticationTicket(
                    new ClaimsPrincipal(new ClaimsIdentity(
                        [new Claim(ClaimTypes.Name, role + "-person"), new Claim(ClaimTypes.Role, role)], Scheme.Name)),
                    Scheme.Name))
                : AuthenticateResult.NoResult());
    }
}

/// <summary>What the console answered.</summary>
internal sealed record ConsoleAnswer(
    HttpStatusCode Status, string Body, string? Type, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;
}
