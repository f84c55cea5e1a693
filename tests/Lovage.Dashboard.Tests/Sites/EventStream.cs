using System.Text.Json;

namespace Lovage.Dashboard.Tests.Sites;

/// <summary>An open stream of the console's changes.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventStream(HttpResponseMessage response, Stream stream)
    {
        _response = response;
        _reader = new StreamReader(stream);
    }

    public HttpResponseMessage Response => _response;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<EventStream> OpenAsync(ConsoleSite site, string topics = "", string? role = null)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri($"/lovage/api/stream?topics={topics}", UriKind.Relative));
        if (role is not null)
        {
            request.Headers.Add(ConsoleSite.Role, role);
        }

        var response = await site.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        return new EventStream(response, await response.Content.ReadAsStreamAsync(Cancel));
    }

    /// <summary>The next event.</summary>
    /// <returns>Null at the end of the stream.</returns>
    public async Task<(string Name, JsonElement Data)?> NextAsync()
    {
        string? name = null;
        while (await _reader.ReadLineAsync(Cancel).AsTask().WaitAsync(Patience, Cancel) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line["event: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal) && name is not null)
            {
                return (name, JsonDocument.Parse(line["data: ".Length..]).RootElement);
            }
        }

        return null;
    }

    /// <summary>Reads on until an event of this name fits.</summary>
    public async Task<JsonElement> UntilAsync(string name, Func<JsonElement, bool>? fits = null)
    {
        while (await NextAsync() is { } next)
        {
            if (next.Name == name && (fits is null || fits(next.Data)))
            {
                return next.Data;
            }
        }

        throw new InvalidOperationException($"The stream has ended before {name}.");
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _response.Dispose();
        return default;
    }
}
