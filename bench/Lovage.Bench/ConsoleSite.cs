using System.Net;
using Lovage.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lovage.Bench;

/// <summary>An app that maps the console over a filled storage, on a port of this machine.</summary>
internal sealed class ConsoleSite : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConsoleClock _clock;
    private readonly HttpClient _http;

    private ConsoleSite(WebApplication app, ConsoleClock clock)
    {
        _app = app;
        _clock = clock;
        _http = new HttpClient { BaseAddress = new Uri($"{app.Urls.Single()}/lovage/api/") };
    }

    /// <summary>Starts it; jobs in memory are only in the storage that was filled.</summary>
    internal static async Task<ConsoleSite> StartAsync(string address, JobStorage filled)
    {
        var clock = new ConsoleClock();
        clock.Reach(1);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders().AddSimpleConsole().SetMinimumLevel(LogLevel.Error);
        var lovage = builder.AddLovage().UseTime(clock);
        _ = address == "memory:" ? lovage.UseStorage(filled) : lovage.UseStorage(address);
        var app = builder.Build();
        app.MapLovageApi().AllowAnonymous();
        await app.StartAsync();
        return new ConsoleSite(app, clock);
    }

    /// <summary>
    /// Makes what the console has read so far too old, so that the next request reads all of it anew.
    /// </summary>
    internal void Forget() => _clock.Skip();

    /// <summary>Asks a route, and reads the whole answer.</summary>
    /// <returns>Its size in bytes.</returns>
    /// <exception cref="InvalidOperationException">The answer is a refusal.</exception>
    internal async Task<int> GetAsync(string path)
    {
        using var answer = await _http.GetAsync(new Uri(path, UriKind.Relative));
        return answer.IsSuccessStatusCode
            ? (await answer.Content.ReadAsByteArrayAsync()).Length
            : throw new InvalidOperationException(
                $"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
