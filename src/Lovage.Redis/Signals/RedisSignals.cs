using Lovage.Redis.Connections;
using Lovage.Storage;
using StackExchange.Redis;

namespace Lovage.Redis.Signals;

/// <summary>Signals between processes by PUBLISH on one channel of the storage.</summary>
/// <remarks>
/// Signals of a moment go in one message. While the connection is down they are lost; a reconnect tells all listeners
/// that anything may have changed.
/// </remarks>
internal sealed class RedisSignals : SignalBus, IAsyncDisposable
{
    private const int EndsMax = 5_000;

    private readonly RedisServer _server;
    private readonly string _self;
    private readonly Lock _lock = new();
    private readonly WakeUp _sent = new();
    private readonly CancellationTokenSource _stop = new();
    private HashSet<Signal> _pending = [];
    private IDisposable? _interest;
    private Task _sending = Task.CompletedTask;
    private bool _isOn;

    /// <param name="server">The server.</param>
    internal RedisSignals(RedisServer server) => (_server, _self) = (server, server.Clock.NextTag());

    private RedisChannel Name => RedisChannel.Literal(_server.Names.Own + "signals");

    /// <summary>Begins to hear and to send; the server is connected. A second call does nothing.</summary>
    internal async Task StartAsync()
    {
        if (Volatile.Read(ref _isOn))
        {
            return;
        }

        await _server.SubscribeAsync(Name, Hear);
        _server.Connection.ConnectionRestored += (_, _) => Dispatch(new Signal(SignalKind.Changed));

        // Ends of jobs are sent whether this process waits for them or not: another may.
        _interest = Subscribe(static _ => { }, SignalKind.JobEnded);
        Volatile.Write(ref _isOn, true);
        _sending = SendAllAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _isOn, false);
        _interest?.Dispose();
        await _stop.CancelAsync();
        _sent.Pulse();
        await _sending;
        _stop.Dispose();
    }

    /// <summary>Jobs may have come from any program.</summary>
    internal void Woken() => Dispatch(new Signal(SignalKind.JobsReady));

    protected override void SendCore(Signal signal)
    {
        if (!Volatile.Read(ref _isOn))
        {
            return;
        }

        lock (_lock)
        {
            if ((signal.Kind == SignalKind.JobEnded && _pending.Count >= EndsMax) || !_pending.Add(signal))
            {
                return;
            }
        }

        _sent.Pulse();
    }

    private async Task SendAllAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var seen = _sent.Version;
            var batch = Take();
            if (batch.Count == 0)
            {
                await _sent.WaitAsync(seen);
                continue;
            }

            try
            {
                foreach (var part in batch.Chunk(SignalText.LinesMax))
                {
                    await _server.Connection.GetSubscriber().PublishAsync(Name, SignalText.Write(_self, part));
                }
            }
            catch (Exception fault) when (RedisFault.IsFault(fault) || fault is StorageException)
            {
                // A signal is a hint: every listener polls as well.
            }
        }
    }

    private HashSet<Signal> Take()
    {
        lock (_lock)
        {
            return Interlocked.Exchange(ref _pending, []);
        }
    }

    private void Hear(RedisValue text)
    {
        var (sender, signals) = SignalText.Read(text.ToString());
        if (sender == _self)
        {
            return;
        }

        foreach (var signal in signals)
        {
            Dispatch(signal);
        }
    }
}
