using System.Diagnostics.CodeAnalysis;
using Lovage.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Lovage.Storage;

/// <summary>
/// Tells an outage of the storage once: one line when the first call fails, one when calls succeed again. All parts of
/// the process report their faults here; while the outage lasts they log theirs at Debug.
/// </summary>
/// <remarks>
/// A ping alone ends no outage, since a server may answer and still refuse to write: no call may have failed for a
/// while either. Never throws. Safe for use by several threads.
/// </remarks>
[SuppressMessage("Design", "CA1031", Justification = "Whatever a ping throws: the storage does not work yet.")]
internal sealed partial class StorageOutage : IDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>Longer than the loops' pauses after a fault.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    private readonly Func<JobStorage> _storage;
    private readonly TimeProvider _time;
    private readonly GuardedLogger _logger;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _lock = new();
    private long _firstTimestamp;
    private long _lastTimestamp;
    private long _faults;
    private bool _isOn;
    private bool _isDisposed;

    /// <param name="storage">The storage; asked for only once a call has failed.</param>
    /// <param name="time">Measures the outage.</param>
    /// <param name="logger">Where it is told.</param>
    internal StorageOutage(Func<JobStorage> storage, TimeProvider time, GuardedLogger logger)
    {
        _storage = storage;
        _time = time;
        _logger = logger;
    }

    /// <summary>True from the first failed call until calls succeed again.</summary>
    internal bool IsOn => Volatile.Read(ref _isOn);

    /// <summary>Counts a failed call.</summary>
    /// <returns>The level at which the caller logs the fault: Debug for one that belongs to an outage, Warning for any
    /// other.</returns>
    internal LogLevel LevelOf(Exception fault)
    {
        if (fault is not StorageException { IsTransient: true } transient)
        {
            return LogLevel.Warning;
        }

        Count(transient);
        return LogLevel.Debug;
    }

    /// <summary>Ends the watch; it may end a moment later.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
        }

        _stopped.Cancel();
        _stopped.Dispose();
    }

    private void Count(StorageException fault)
    {
        lock (_lock)
        {
            _lastTimestamp = _time.GetTimestamp();
            _faults++;
            if (_isOn || _isDisposed)
            {
                return;
            }

            (_firstTimestamp, _faults) = (_lastTimestamp, 1);
            Volatile.Write(ref _isOn, true);

            _ = AmbientState.Without(
                (Outage: this, _stopped.Token), static watch => watch.Outage.WatchAsync(watch.Token));
        }

        Began(_logger, _storage().Description, fault.Message);
    }

    private async Task WatchAsync(CancellationToken stopped)
    {
        while (true)
        {
            try
            {
                await Task.Delay(LookInterval, _time, stopped);
                if (!IsQuiet())
                {
                    continue;
                }

                await _storage().PingAsync(stopped);
            }
            catch (OperationCanceledException) when (stopped.IsCancellationRequested)
            {
                return;
            }
            catch (Exception)
            {
                continue;
            }

            if (TryEnd(out var duration, out var faults))
            {
                Unfailing.Tell(1, static count => LovageTelemetry.StorageReconnects.Add(count));
                Ended(_logger, _storage().Description, duration.TotalSeconds, faults);
                return;
            }
        }
    }

    private bool IsQuiet()
    {
        lock (_lock)
        {
            return _time.GetElapsedTime(_lastTimestamp) >= Quiet;
        }
    }

    private bool TryEnd(out TimeSpan duration, out long faults)
    {
        lock (_lock)
        {
            (duration, faults) = (_time.GetElapsedTime(_firstTimestamp, _lastTimestamp), _faults);
            if (_time.GetElapsedTime(_lastTimestamp) < Quiet)
            {
                // A call failed during the ping.
                return false;
            }

            Volatile.Write(ref _isOn, false);
            return true;
        }
    }

    [LoggerMessage(
        3030,
        LogLevel.Warning,
        "Storage {Storage} fails: {Reason} The app runs on and tries again; further faults are logged at Debug until "
            + "the storage works again")]
    private static partial void Began(ILogger logger, string storage, string reason);

    [LoggerMessage(
        3031,
        LogLevel.Information,
        "Storage {Storage} works again. It failed for {Seconds:0.0} s; {Faults} calls failed")]
    private static partial void Ended(ILogger logger, string storage, double seconds, long faults);
}
