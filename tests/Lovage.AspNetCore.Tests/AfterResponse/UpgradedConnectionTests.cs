using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using Lovage.AspNetCore.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Lovage.AspNetCore.Tests.AfterResponse;

/// <summary>An upgraded connection has no response that ends soon: it takes no tasks, and says what does.</summary>
public sealed class UpgradedConnectionTests : IDisposable
{
    private readonly ConcurrentQueue<string> _done = new();
    private readonly Signal _ran = new();
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _http.Dispose();

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task WebSocket_Accepted_RefusesTasks(HttpProtocols protocols)
    {
        await using var site = await StartAsync(protocols);
        using var socket = await ConnectAsync(site, "/socket");

        var told = await ReceiveAsync(socket);

        Assert.Contains("Task 'in the socket'", told, StringComparison.Ordinal);
        Assert.Contains("Use TaskSpawner", told, StringComparison.Ordinal);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancel);
        await site.IdleAsync();
        Assert.Equal(["before the socket"], _done);
    }

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task WebSocket_Refused_RunsTasks(HttpProtocols protocols)
    {
        await using var site = await StartAsync(protocols);

        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(site, "/refused"));

        // The client has seen the status before the endpoint adds its task.
        await _ran.WaitAsync();
    }

    [Fact]
    public async Task Hub_OverAWebSocket_RefusesTasks()
    {
        await using var site = await StartAsync(HttpProtocols.Http1);
        using var socket = await ConnectAsync(site, "/hub");
        await SendAsync(socket, """{"protocol":"json","version":1}""");
        Assert.Equal("{}", await ReceiveAsync(socket));

        await SendAsync(socket, """{"type":1,"invocationId":"1","target":"Act","arguments":[]}""");

        Assert.Contains("Use TaskSpawner", await ReceiveAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hub_OverServerSentEvents_RefusesTasks()
    {
        await using var site = await StartAsync(HttpProtocols.Http1);
        var id = System.Text.Json.JsonElement.Parse(
                (await site.PostAsync("/hub/negotiate?negotiateVersion=1", "")).Body)
            .GetProperty("connectionToken")
            .GetString();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/hub?id={id}", UriKind.Relative));
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var events = await site.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var lines = new StreamReader(await events.Content.ReadAsStreamAsync(Cancel));

        await site.PostAsync($"/hub?id={id}", """{"protocol":"json","version":1}""" + "\u001e");
        await site.PostAsync(
            $"/hub?id={id}", """{"type":1,"invocationId":"1","target":"Act","arguments":[]}""" + "\u001e");

        string? line;
        do
        {
            line = await lines.ReadLineAsync(Cancel).AsTask().WaitAsync(TestSite.Patience, Cancel);
        }
        while (line is not null && !line.Contains("invocationId", StringComparison.Ordinal));
        Assert.Contains("Use TaskSpawner", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_ThatIsNotUpgraded_TakesTasks()
    {
        await using var site = await StartAsync(HttpProtocols.Http1);

        Assert.Equal((HttpStatusCode.OK, "data: x\n\n"), await site.GetAsync("/stream"));

        await site.IdleAsync();
        Assert.Equal(["stream"], _done);
    }

    private Task<TestSite> StartAsync(HttpProtocols protocols) => TestSite.StartAsync(
        app =>
        {
            app.UseWebSockets();
            app.UseRouting();
            app.Map("/socket", async (HttpContext context, BackgroundTasks background) =>
            {
                background.Add("before the socket", () => _done.Enqueue("before the socket"));
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                var refused = Assert.Throws<InvalidOperationException>(
                    () => background.Add("in the socket", () => _done.Enqueue("in the socket")));
                await socket.SendAsync(
                    Encoding.UTF8.GetBytes(refused.Message + "\u001e"),
                    WebSocketMessageType.Text,
                    endOfMessage: true,
                    Cancel);
                await socket.ReceiveAsync(new byte[10], Cancel);
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Cancel);
            });
            app.Map("/refused", async (HttpContext context, BackgroundTasks background) =>
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                await context.Response.WriteAsync("no");
                background.Add("refused", _ran.Set);
            });
            app.MapGet("/stream", async (HttpContext context, BackgroundTasks background) =>
            {
                await context.Response.WriteAsync("data: x\n\n");
                await context.Response.Body.FlushAsync();
                background.Add("stream", () => _done.Enqueue("stream"));
            });
            app.MapHub<Acting>("/hub");
        },
        set: (builder, _) => builder.Services.AddSingleton(_done)
            .AddSignalR(static options => options.EnableDetailedErrors = true),
        protocols: protocols);

    private async Task<ClientWebSocket> ConnectAsync(TestSite site, string path)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = site.Protocols == HttpProtocols.Http2
            ? HttpVersion.Version20
            : HttpVersion.Version11;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await socket.ConnectAsync(new UriBuilder(site.Address) { Scheme = "ws", Path = path }.Uri, _http, Cancel);
        return socket;
    }

    private static Task SendAsync(ClientWebSocket socket, string text) => socket.SendAsync(
        Encoding.UTF8.GetBytes(text + "\u001e"), WebSocketMessageType.Text, endOfMessage: true, Cancel);

    /// <summary>The next text up to its mark; hubs send pings between.</summary>
    private static async Task<string> ReceiveAsync(ClientWebSocket socket)
    {
        var text = "";
        var buffer = new byte[4096];
        while (!text.EndsWith('\u001e'))
        {
            var part = await socket.ReceiveAsync(buffer, Cancel).WaitAsync(TestSite.Patience, Cancel);
            text += Encoding.UTF8.GetString(buffer, 0, part.Count);
        }

        return text[..^1];
    }

    public sealed class Acting(ConcurrentQueue<string> done, IServiceProvider services) : Hub
    {
        public void Act() => services.GetRequiredService<BackgroundTasks>()
            .Add("in a hub", () => done.Enqueue("in a hub"));
    }
}
