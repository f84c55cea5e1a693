using System.Collections.Concurrent;
using System.Net;
using Lovage.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Lovage.AspNetCore.Tests.Sites;

/// <summary>A real app on a real Kestrel and a real port, with what its tasks leave behind.</summary>
internal sealed class TestSite : IAsyncDisposable
{
    internal static readonly TimeSpan Patience = TestLog.Patience;

    private TestSite(WebApplication app, TestLog log, ConcurrentQueue<TaskFailure> failures)
    {
        App = app;
        Log = log;
        Failures = failures;
        Http.BaseAddress = Address;
    }

    public WebApplication App { get; }

    public TestLog Log { get; }

    public HttpClient Http { get; } = new();

    /// <summary>What the app was told of tasks that failed.</summary>
    public ConcurrentQueue<TaskFailure> Failures { get; }

    /// <summary>What the server speaks.</summary>
    public required HttpProtocols Protocols { get; init; }

    public Uri Address => new(App.Urls.Single());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts an app.</summary>
    /// <param name="map">Its middleware and endpoints.</param>
    /// <param name="options">Changes Lovage's settings.</param>
    /// <param name="set">Adds services; Lovage is there already.</param>
    /// <param name="environment">Production unless said otherwise.</param>
    /// <param name="protocols">HTTP/1.1 unless said otherwise.</param>
    /// <param name="withLovage">False for an app whose author forgot it.</param>
    public static async Task<TestSite> StartAsync(
        Action<WebApplication> map,
        Action<LovageOptions>? options = null,
        Action<WebApplicationBuilder, LovageBuilder?>? set = null,
        string? environment = null,
        HttpProtocols protocols = HttpProtocols.Http1,
        bool withLovage = true)
    {
        var log = new TestLog();
        var failures = new ConcurrentQueue<TaskFailure>();
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { EnvironmentName = environment ?? Environments.Production });
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Debug);
        var lovage = withLovage
            ? builder.AddLovage(options).UseStorage("memory:").OnTaskFailure(failures.Enqueue)
            : null;
        set?.Invoke(builder, lovage);
        var app = builder.Build();
        map(app);
        await app.StartAsync(Cancel);
        return new TestSite(app, log, failures) { Protocols = protocols };
    }

    /// <summary>Waits until the app's tasks have ended.</summary>
    public Task IdleAsync() => App.Services.Jobs().WaitForBackgroundTasksAsync(Cancel).WaitAsync(Patience, Cancel);

    public Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(Address);

    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(path, UriKind.Relative), Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    public async Task<(HttpStatusCode Status, string Body)> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(new Uri(path, UriKind.Relative), content, Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.DisposeAsync();
    }
}
