using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Lovage.Faults.Harness;

/// <summary>What a proxy does with what comes.</summary>
internal enum ProxyMode
{
    /// <summary>Forwards everything.</summary>
    Normal = 0,

    /// <summary>Forwards what clients send and swallows the answers.</summary>
    DropReplies = 1,

    /// <summary>Forwards nothing either way and closes nothing, new connections included: a black hole.</summary>
    Swallow = 2,

    /// <summary>Resets new connections at once.</summary>
    Refuse = 3,
}

/// <summary>
/// Stands on a port of its own before a server of any protocol, and breaks its connections as networks do. A fault of a
/// connection lasts: after half-opening and after dropped replies it never forwards again, in any mode.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly int _serverPort;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Link> _links = [];
    private readonly List<Task> _tasks = [];
    private ProxyMode _mode;

    internal FaultProxy(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _tasks.Add(AcceptAsync());
    }

    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections that are open on the client's side, sound or not.</summary>
    internal int Connections
    {
        get
        {
            lock (_lock)
            {
                return _links.Count;
            }
        }
    }

    /// <summary>
    /// What the proxy does from now on, in present connections and new ones. A connection that lost data stays lost.
    /// </summary>
    internal ProxyMode Mode
    {
        get
        {
            lock (_lock)
            {
                return _mode;
            }
        }

        set
        {
            lock (_lock)
            {
                _mode = value;
                foreach (var link in _links)
                {
                    link.DropsReplies |= value == ProxyMode.DropReplies;
                    link.IsDead |= value == ProxyMode.Swallow;
                }
            }
        }
    }

    /// <summary>
    /// Keeps the present connections open and forwards nothing in them ever again; new ones work. As when a firewall
    /// has forgotten them.
    /// </summary>
    /// <returns>How many there were.</returns>
    internal int HalfOpen()
    {
        lock (_lock)
        {
            foreach (var link in _links)
            {
                link.IsDead = true;
            }

            return _links.Count;
        }
    }

    /// <summary>Resets the present connections, on both sides.</summary>
    /// <returns>How many there were.</returns>
    internal int Reset()
    {
        Link[] links;
        lock (_lock)
        {
            links = [.. _links];
        }

        foreach (var link in links)
        {
            link.Reset();
        }

        return links.Length;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Reset();
        Task[] tasks;
        lock (_lock)
        {
            tasks = [.. _tasks];
        }

        await Task.WhenAll(tasks);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync(_stop.Token);
            }
            catch (Exception fault)
                when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            var link = new Link(client);
            lock (_lock)
            {
                if (_mode == ProxyMode.Refuse || _stop.IsCancellationRequested)
                {
                    link.Reset();
                    continue;
                }

                link.DropsReplies = _mode == ProxyMode.DropReplies;
                link.IsDead = _mode == ProxyMode.Swallow;
                _links.Add(link);
                _tasks.RemoveAll(static task => task.IsCompleted);
                _tasks.Add(ServeAsync(link));
            }
        }
    }

    private async Task ServeAsync(Link link)
    {
        await Task.Yield();
        await link.ServeAsync(_serverPort, _stop.Token);
        lock (_lock)
        {
            _links.Remove(link);
        }
    }

    /// <summary>One client, and the connection to the server in its name.</summary>
    [SuppressMessage("Design", "CA1001", Justification = "Both sockets are closed where they are served.")]
    private sealed class Link(Socket client)
    {
        private const int BufferBytes = 64 * 1024;

        private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private int _isReset;

        /// <summary>Nothing more is forwarded; what comes is read and forgotten.</summary>
        internal volatile bool IsDead;

        /// <summary>Nothing more comes back.</summary>
        internal volatile bool DropsReplies;

        internal async Task ServeAsync(int serverPort, CancellationToken cancellationToken)
        {
            client.NoDelay = true;
            try
            {
                if (!IsDead)
                {
                    await _server.ConnectAsync(IPAddress.Loopback, serverPort, cancellationToken);
                }

                var there = PumpAsync(client, _server, () => IsDead, cancellationToken);
                var back = _server.Connected
                    ? PumpAsync(_server, client, () => IsDead || DropsReplies, cancellationToken)
                    : there;

                // The server's end is passed on, unless nothing is passed on any more; the client's ends both once what
                // is under way has arrived.
                if (await Task.WhenAny(there, back) == back && (IsDead || DropsReplies))
                {
                    await there;
                }

                Close();
            }
            catch (Exception fault)
                when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The server cannot be reached, as the client will notice.
            }

            Reset();
        }

        private void Close()
        {
            if (Interlocked.Exchange(ref _isReset, 1) == 0)
            {
                client.Dispose();
                _server.Dispose();
            }
        }

        /// <summary>Ends both sides by RST, as a host does that knows nothing of the connection.</summary>
        internal void Reset()
        {
            if (Interlocked.Exchange(ref _isReset, 1) == 0)
            {
                client.Close(0);
                _server.Close(0);
            }
        }

        private static async Task PumpAsync(
            Socket from, Socket to, Func<bool> swallows, CancellationToken cancellationToken)
        {
            var buffer = new byte[BufferBytes];
            try
            {
                while (await from.ReceiveAsync(buffer, cancellationToken) is > 0 and var count)
                {
                    for (var sent = 0; sent < count && !swallows();)
                    {
                        sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), cancellationToken);
                    }
                }
            }
            catch (Exception fault)
                when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side is gone: so is the other.
            }
        }
    }
}
