using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace UnstableCalls;

/// <summary>
/// Another company's service, on a free port of this machine. It fails as often as its caller asks, so that each run of
/// the sample is the same.
/// </summary>
internal sealed class FlakyServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, int> _calls = new(StringComparer.Ordinal);
    private readonly WebApplication _app;

    private FlakyServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();

        // 503 for the first calls with this name, then the answer.
        _app.MapGet(
            "/rate/{name}",
            (string name, int failures) => _calls.AddOrUpdate(name, 1, static (_, calls) => calls + 1) <= failures
                ? Results.StatusCode(StatusCodes.Status503ServiceUnavailable)
                : Results.Ok(1.0842));

        // Takes the call and never answers.
        _app.MapGet(
            "/hangs",
            async (CancellationToken cancellationToken) => await Task.Delay(Timeout.Infinite, cancellationToken));
    }

    public Uri Address =>
        new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<FlakyServer> StartAsync()
    {
        var server = new FlakyServer();
        await server._app.StartAsync();
        return server;
    }

    /// <summary>How many calls with this name came in.</summary>
    public int Calls(string name) => _calls.GetValueOrDefault(name);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
