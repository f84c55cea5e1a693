using System.Net;
using System.Net.Sockets;
using System.Text;
using Lovage.Faults.Harness;
using Xunit;

namespace Lovage.Faults;

/// <summary>The proxy itself, before a server that sends back what it gets.</summary>
public sealed class FaultProxyTests : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);

    private readonly EchoServer _server = new();
    private readonly List<Socket> _clients = [];
    private FaultProxy _proxy = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _proxy = new FaultProxy(_server.Port);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(static client => client.Dispose());
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Normal_ForwardsBothWaysAndPassesOnTheEnd()
    {
        var client = await ConnectAsync();
        await EchoesAsync(client, "one");
        await EchoesAsync(client, new string('x', 1_000_000));

        client.Shutdown(SocketShutdown.Send);
        Assert.Null(await ReadAsync(client, 1, Long));
    }

    [Fact]
    public async Task Reset_EndsPresentConnectionsByRstAndNoNewOnes()
    {
        var client = await ConnectAsync();
        await EchoesAsync(client, "one");

        Assert.Equal(1, _proxy.Reset());

        var fault = await Assert.ThrowsAsync<SocketException>(() => ReadAsync(client, 1, Long));
        Assert.Equal(SocketError.ConnectionReset, fault.SocketErrorCode);
        await Eventually.BecomesTrueAsync("the server has lost it too", Long, () => _server.Connections == 0);
        await EchoesAsync(await ConnectAsync(), "two");
    }

    [Fact]
    public async Task HalfOpen_KeepsPresentConnectionsOpenAndCarriesNothing()
    {
        var client = await ConnectAsync();
        await EchoesAsync(client, "one");
        var received = _server.Received;

        Assert.Equal(1, _proxy.HalfOpen());

        await SendAsync(client, "lost");
        await Assert.ThrowsAsync<TimeoutException>(() => ReadAsync(client, 1, Short));
        Assert.Equal((received, 1, 1), (_server.Received, _server.Connections, _proxy.Connections));
        await EchoesAsync(await ConnectAsync(), "two");
    }

    [Fact]
    public async Task DropReplies_CarriesRequestsAndNoAnswerEverAgain()
    {
        var client = await ConnectAsync();
        await EchoesAsync(client, "one");
        var received = _server.Received;
        _proxy.Mode = ProxyMode.DropReplies;

        await SendAsync(client, "heard");
        await Eventually.BecomesTrueAsync("the server has heard it", Long, () => _server.Received == received + 5);
        await Assert.ThrowsAsync<TimeoutException>(() => ReadAsync(client, 1, Short));
        _proxy.Mode = ProxyMode.Normal;
        await SendAsync(client, "again");
        await Assert.ThrowsAsync<TimeoutException>(() => ReadAsync(client, 1, Short));
        _proxy.Reset();

        await Assert.ThrowsAsync<SocketException>(() => ReadAsync(client, 1, Long));
        await EchoesAsync(await ConnectAsync(), "two");
    }

    [Fact]
    public async Task Swallow_AcceptsNewConnectionsAndCarriesNothingInThem()
    {
        _proxy.Mode = ProxyMode.Swallow;
        var client = await ConnectAsync();
        await SendAsync(client, "lost");
        await Assert.ThrowsAsync<TimeoutException>(() => ReadAsync(client, 1, Short));
        Assert.Equal((0, 0), (_server.Received, _server.Connections));

        _proxy.Mode = ProxyMode.Normal;
        await EchoesAsync(await ConnectAsync(), "two");
        await Assert.ThrowsAsync<TimeoutException>(() => ReadAsync(client, 1, Short));
    }

    [Fact]
    public async Task Refuse_ResetsNewConnectionsOnly()
    {
        var before = await ConnectAsync();
        await EchoesAsync(before, "one");
        _proxy.Mode = ProxyMode.Refuse;

        // Nothing is sent: a send that meets the reset takes the error with it, and the read would find the stream's
        // end.
        await Assert.ThrowsAsync<SocketException>(async () => await ReadAsync(await ConnectAsync(), 1, Long));
        await EchoesAsync(before, "still there");
        _proxy.Mode = ProxyMode.Normal;
        await EchoesAsync(await ConnectAsync(), "two");
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _clients.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, _proxy.Port, Cancel);
        return client;
    }

    private static async Task SendAsync(Socket client, string text) =>
        await client.SendAsync(Encoding.ASCII.GetBytes(text), Cancel);

    private static async Task EchoesAsync(Socket client, string text)
    {
        // More than the buffers on the way hold is read while it is sent.
        var sending = SendAsync(client, text);
        Assert.Equal(text, await ReadAsync(client, text.Length, Long));
        await sending;
    }

    /// <summary>Null at the end of the stream.</summary>
    private static async Task<string?> ReadAsync(Socket client, int count, TimeSpan limit)
    {
        var buffer = new byte[count];
        using var late = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        late.CancelAfter(limit);
        try
        {
            for (var read = 0; read < count;)
            {
                var more = await client.ReceiveAsync(buffer.AsMemory(read), late.Token);
                if (more == 0)
                {
                    return null;
                }

                read += more;
            }

            return Encoding.ASCII.GetString(buffer);
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
    }

    private sealed class EchoServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _accepting;
        private int _received;
        private int _connections;

        internal EchoServer()
        {
            _listener.Start();
            _accepting = AcceptAsync();
        }

        internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        internal int Received => Volatile.Read(ref _received);

        internal int Connections => Volatile.Read(ref _connections);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _accepting;
            _listener.Dispose();
            _stop.Dispose();
        }

        private async Task AcceptAsync()
        {
            var serving = new List<Task>();
            try
            {
                while (true)
                {
                    serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
                }
            }
            catch (OperationCanceledException)
            {
                await Task.WhenAll(serving);
            }
        }

        private async Task ServeAsync(TcpClient client)
        {
            Interlocked.Increment(ref _connections);
            var buffer = new byte[4_096];
            try
            {
                using (client)
                {
                    while (await client.GetStream().ReadAsync(buffer, _stop.Token) is > 0 and var count)
                    {
                        Interlocked.Add(ref _received, count);
                        await client.GetStream().WriteAsync(buffer.AsMemory(0, count), _stop.Token);
                    }
                }
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException)
            {
                // The other side is gone, or the test is over.
            }

            Interlocked.Decrement(ref _connections);
        }
    }
}
