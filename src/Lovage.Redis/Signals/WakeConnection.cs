using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Lovage.Redis.Connections;
using StackExchange.Redis;

namespace Lovage.Redis.Signals;

/// <summary>
/// Tells of elements that any program pushes, without a command while nothing happens: a connection of its own with
/// CLIENT TRACKING (https://redis.io/docs/latest/develop/reference/client-side-caching/), by which the server tells
/// once of a change to keys that were asked for. StackExchange.Redis drops these pushes.
/// </summary>
/// <remarks>
/// Its loss costs time and nothing else: receivers poll as well. Safe for use by several threads.
/// </remarks>
internal sealed class WakeConnection : IAsyncDisposable
{
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(5);

    private readonly RedisServer _server;
    private readonly Action _woken;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Session? _session;
    private Task? _running;
    private long _version;

    /// <param name="server">The server.</param>
    /// <param name="woken">Called when a key that was asked for has changed, or when changes may have been
    /// missed.</param>
    internal WakeConnection(RedisServer server, Action woken) => (_server, _woken) = (server, woken);

    /// <summary>Grows with each change that it tells of; what was armed before is armed no longer.</summary>
    internal long Version => Volatile.Read(ref _version);

    /// <summary>True while it hears; it connects in the background with the first receiver.</summary>
    internal bool IsOn => Volatile.Read(ref _session) is not null;

    /// <summary>Why the server does not let it hear; null when it does, or is not there.</summary>
    internal string? Refusal { get; private set; }

    /// <summary>Begins to connect, once.</summary>
    internal void Start()
    {
        lock (_lock)
        {
            _running ??= RunAsync();
        }
    }

    /// <summary>Asks to be told of the next change of any of these keys.</summary>
    /// <returns>False when it cannot hear now.</returns>
    internal async Task<bool> ArmAsync(RedisKey[] keys, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _session) is not { } session)
        {
            return false;
        }

        try
        {
            return (await session.CallAsync(["EXISTS", .. keys.Select(static key => key.ToString())])
                .WaitAsync(AnswerTime, TimeProvider.System, cancellationToken)).Kind == RespKind.Answer;
        }
        catch (Exception fault) when (IsFault(fault))
        {
            session.Close();
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Volatile.Read(ref _session)?.Close();
        if (_running is { } running)
        {
            await running;
        }

        _stop.Dispose();
    }

    private static bool IsFault(Exception fault) => fault is IOException
        or SocketException
        or TimeoutException
        or ObjectDisposedException
        or System.Security.Authentication.AuthenticationException;

    private async Task RunAsync()
    {
        var pause = RetryMin;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var session = await Session.OpenAsync(_server, Tell, _stop.Token);
                await session.GreetAsync(_server.Configuration, _stop.Token);
                Refusal = null;
                Volatile.Write(ref _session, session);
                Tell();
                pause = RetryMin;
                await session.LiveAsync(_stop.Token);
            }
            catch (Exception fault) when (IsFault(fault) || fault is OperationCanceledException or StorageException)
            {
                Refusal = fault is StorageException ? fault.Message : Refusal;
            }

            Volatile.Write(ref _session, null);
            Tell();
            try
            {
                await Task.Delay(pause, TimeProvider.System, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = 2 * pause < RetryMax ? 2 * pause : RetryMax;
        }
    }

    private void Tell()
    {
        Interlocked.Increment(ref _version);
        _woken();
    }

    /// <summary>One connection, from its greeting to its first fault.</summary>
    private sealed class Session : IAsyncDisposable
    {
        private readonly Socket _socket;
        private readonly Stream _stream;
        private readonly Action _told;
        private readonly ConcurrentQueue<TaskCompletionSource<RespValue>> _open = new();
        private readonly SemaphoreSlim _writing = new(1, 1);
        private readonly Task _reading;

        private Session(Stream stream, Socket socket, Action told)
        {
            (_stream, _socket, _told) = (stream, socket, told);
            _reading = ReadAllAsync();
        }

        internal static async Task<Session> OpenAsync(
            RedisServer server, Action told, CancellationToken cancellationToken)
        {
            var endPoint = server.Primary;
            var socket = endPoint is UnixDomainSocketEndPoint
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(endPoint, cancellationToken);
                Stream stream = new NetworkStream(socket, ownsSocket: true);
                if (server.Configuration.Ssl)
                {
                    var host = server.Configuration.SslHost ?? (endPoint as DnsEndPoint)?.Host ?? "";
                    var secure = new SslStream(stream);
                    await secure.AuthenticateAsClientAsync(
                        server.Configuration.SslClientAuthenticationOptions?.Invoke(host)
                            ?? new SslClientAuthenticationOptions { TargetHost = host },
                        cancellationToken);
                    stream = secure;
                }

                return new Session(stream, socket, told);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        /// <summary>Logs in, chooses the database and asks to be told of changes.</summary>
        /// <exception cref="StorageException">The server refuses.</exception>
        internal async Task GreetAsync(ConfigurationOptions configuration, CancellationToken cancellationToken)
        {
            List<string> hello = ["HELLO", "3"];
            if (configuration.Password is { } password)
            {
                hello.AddRange(["AUTH", configuration.User ?? "default", password]);
            }

            hello.AddRange(["SETNAME", "lovage-wake"]);
            var database = (configuration.DefaultDatabase ?? 0).ToString(CultureInfo.InvariantCulture);
            foreach (var command in (string[][])[[.. hello], ["SELECT", database], ["CLIENT", "TRACKING", "ON"]])
            {
                var answer = await CallAsync(command).WaitAsync(AnswerTime, TimeProvider.System, cancellationToken);
                if (answer.Kind == RespKind.Error)
                {
                    throw new StorageException(
                        $"The server does not tell of changes ({command[0]}: {answer.Text}).", isTransient: true);
                }
            }
        }

        /// <summary>Runs until the connection is lost.</summary>
        internal async Task LiveAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                if (await Task.WhenAny(_reading, Task.Delay(PingInterval, TimeProvider.System, cancellationToken))
                    == _reading)
                {
                    await _reading;
                    return;
                }

                cancellationToken.ThrowIfCancellationRequested();
                await CallAsync(["PING"]).WaitAsync(AnswerTime, TimeProvider.System, cancellationToken);
            }
        }

        internal async Task<RespValue> CallAsync(string[] command)
        {
            var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{command.Length}\r\n");
            foreach (var part in command)
            {
                text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n");
            }

            var answer = new TaskCompletionSource<RespValue>(TaskCreationOptions.RunContinuationsAsynchronously);
            await _writing.WaitAsync();
            try
            {
                _open.Enqueue(answer);
                await _stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()));
            }
            finally
            {
                _writing.Release();
            }

            return _reading.IsCompleted ? throw new IOException("The connection is closed.") : await answer.Task;
        }

        internal void Close() => _socket.Dispose();

        public async ValueTask DisposeAsync()
        {
            Close();
            await _stream.DisposeAsync();
            try
            {
                await _reading;
            }
            catch (Exception fault) when (IsFault(fault))
            {
                // It is closed.
            }

            _writing.Dispose();
        }

        private async Task ReadAllAsync()
        {
            try
            {
                var reader = new RespReader(_stream);
                while (true)
                {
                    var value = await reader.ReadAsync(CancellationToken.None);
                    if (value.Kind == RespKind.Push)
                    {
                        _told();
                    }
                    else if (_open.TryDequeue(out var answer))
                    {
                        answer.TrySetResult(value);
                    }
                }
            }
            finally
            {
                while (_open.TryDequeue(out var answer))
                {
                    answer.TrySetException(new IOException("The connection is closed."));
                }
            }
        }
    }
}
