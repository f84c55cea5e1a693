using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Signals;

/// <summary>Signals by LISTEN and NOTIFY.</summary>
/// <remarks>
/// One connection listens. When it hears nothing it asks for a sign of life, so that one that lost its peer without a
/// word is replaced. Sending collects the signals of a few milliseconds, since each notification takes a lock that all
/// transactions of the server share.
/// </remarks>
internal sealed class PostgreSqlSignals(Database database) : SignalBus, IAsyncDisposable
{
    /// <summary>Ends of jobs in one notification at the most: more would not fit.</summary>
    private const int EndsMax = 250;
    private const int SignOfLifeSeconds = 3;

    /// <summary>Between two notifications of this process.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    /// <summary>With the wait for a sign of life, and for its cancellation, less than ten seconds.</summary>
    private static readonly TimeSpan QuietMax = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(2);

    // The wire has its own time, whatever clock the jobs live by.
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly HashSet<Signal> _pending = [];
    private readonly WakeUp _sent = new();
    private readonly CancellationTokenSource _stop = new();
    private CancellationTokenSource _leave = new();
    private IDisposable? _interest;
    private Task _listening = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;
    private bool _isOn;
    private bool _isLate;
    private int _session;

    /// <summary>The number of the session that listens; 0 while none does.</summary>
    internal int Session => Volatile.Read(ref _session);

    /// <summary>True from when it has begun until it is disposed.</summary>
    internal bool IsOn => Volatile.Read(ref _isOn);

    /// <summary>There may be jobs at places that looks have passed: receivers look from the start.</summary>
    /// <remarks>
    /// A caller's transaction has committed, claims were released, here or elsewhere, or this process did not listen
    /// for a while.
    /// </remarks>
    internal event Action? CameLate;

    /// <summary>Begins to listen and to send.</summary>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken);

        // Ends of jobs are sent whether this process waits for them or not: another may.
        _interest = Subscribe(static _ => { }, SignalKind.JobEnded);
        database.SessionsLeft += Leave;
        Volatile.Write(ref _isOn, true);
        _listening = ListenAsync(connection);
        _sending = SendAsync();
    }

    /// <summary>Raises <see cref="CameLate"/> here, and elsewhere with the signals that are sent next.</summary>
    internal void TellLate()
    {
        lock (_lock)
        {
            _isLate = true;
        }

        CameLate?.Invoke();
    }

    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _isOn, false);
        database.SessionsLeft -= Leave;
        _interest?.Dispose();
        await _stop.CancelAsync();
        _sent.Pulse();
        await Task.WhenAll(_listening, _sending);
        _stop.Dispose();
        _leave.Dispose();
    }

    protected override void SendCore(Signal signal)
    {
        if (!Volatile.Read(ref _isOn))
        {
            return;
        }

        lock (_lock)
        {
            if ((signal.Kind == SignalKind.JobEnded && _pending.Count >= EndsMax)
                || !_pending.Add(signal)
                || _pending.Count > 1)
            {
                return;
            }
        }

        _sent.Pulse();
    }

    private async Task SendAsync()
    {
        var last = _time.GetTimestamp() - (long)(Pace.TotalSeconds * _time.TimestampFrequency);
        while (!_stop.IsCancellationRequested)
        {
            var seen = _sent.Version;
            if (Take(out var isLate) is not { Count: > 0 } signals)
            {
                await _sent.WaitAsync(seen);
                var rest = Pace - _time.GetElapsedTime(last);
                if (rest > TimeSpan.Zero && !_stop.IsCancellationRequested)
                {
                    await Task.Delay(rest, _time, CancellationToken.None);
                }

                continue;
            }

            try
            {
                await database.CallAsync(
                    connection => NotifyAsync(connection, isLate ? HintText.NoSender : Session, signals), _stop.Token);
            }
            catch (Exception fault) when (fault is StorageException or OperationCanceledException)
            {
                // Only signals are missed: receivers and waiters also look by themselves now and then.
            }

            last = _time.GetTimestamp();
        }
    }

    private List<Signal> Take(out bool isLate)
    {
        lock (_lock)
        {
            List<Signal> signals = [.. _pending];
            _pending.Clear();
            isLate = _isLate && signals.Count > 0;
            _isLate &= !isLate;
            return signals;
        }
    }

    private async Task<bool> NotifyAsync(NpgsqlConnection connection, int sender, List<Signal> signals)
    {
        // A notification that is lost with the server was for sessions that are lost too: it does not wait for the
        // disk.
        await connection.ExecuteAsync(
            new Statement("SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)")
                .Add(database.Schema.Channel)
                .Add(HintText.Write(sender, signals)),
            CancellationToken.None);
        return true;
    }

    private async Task ListenAsync(NpgsqlConnection first)
    {
        NpgsqlConnection? connection = first;
        var pause = TimeSpan.Zero;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (connection is null)
                {
                    await Task.Delay(pause, _time, _stop.Token);
                    connection = await ConnectAsync(_stop.Token);

                    // This process has missed all signals meanwhile.
                    CameLate?.Invoke();
                    Dispatch(new Signal(SignalKind.Changed));
                }

                pause = TimeSpan.FromMilliseconds(100);
                await HearAsync(connection);
            }
            catch (OperationCanceledException)
            {
                // Told to stop, or to listen in a new session.
                Interlocked.Exchange(ref _leave, new CancellationTokenSource()).Dispose();
            }
            catch (Exception fault) when (StorageFault.IsFault(fault))
            {
                // The other connections have perhaps lost the server too, and would find out later.
                database.Forget();
                pause = pause < RetryMax / 2 ? pause * 2 : RetryMax;
            }

            Volatile.Write(ref _session, 0);
            if (connection is not null)
            {
                await CloseAsync(connection);
                connection = null;
            }
        }
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = await database.ListenAsync(cancellationToken);
        try
        {
            connection.Notification += OnNotification;
            await connection.ExecuteAsync(new Statement($"LISTEN \"{database.Schema.Channel}\""), cancellationToken);
            Volatile.Write(ref _session, connection.ProcessID);
            return connection;
        }
        catch
        {
            await CloseAsync(connection);
            throw;
        }
    }

    private async Task HearAsync(NpgsqlConnection connection)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(
            _stop.Token, Volatile.Read(ref _leave).Token);
        while (true)
        {
            if (!await connection.WaitAsync(QuietMax, either.Token))
            {
                await using var ask = connection.Batch(new Statement("SELECT 1"));
                ask.Timeout = SignOfLifeSeconds;
                await ask.ExecuteNonQueryAsync(either.Token);
            }
        }
    }

    /// <summary>
    /// Listens in a new session from now on: the server of this one may no longer be the one that writes.
    /// </summary>
    private void Leave()
    {
        try
        {
            _ = Volatile.Read(ref _leave).CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It is being replaced just now.
        }
    }

    private async Task CloseAsync(NpgsqlConnection connection)
    {
        connection.Notification -= OnNotification;

        // Not back into the pool: the session still listens.
        NpgsqlConnection.ClearPool(connection);
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception fault) when (StorageFault.IsFault(fault))
        {
            // It was broken before.
        }
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs hint)
    {
        var (from, signals) = HintText.Read(hint.Payload);
        if (from == HintText.NoSender)
        {
            CameLate?.Invoke();
        }
        else if (from == Session)
        {
            return;
        }

        foreach (var signal in signals)
        {
            Dispatch(signal);
        }
    }
}
