using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Lovage.Diagnostics;
using Microsoft.Extensions.Hosting;

namespace Lovage;

/// <summary>
/// The metrics of the whole storage: depth and age of queues, live workers, dead letters, overdue schedules. It reads
/// the storage only while a listener collects them, and at most once in <see cref="Freshness"/>.
/// </summary>
/// <remarks>
/// A collection is synchronous and must not wait for a storage, so it takes the newest reading and starts the next
/// ones. A listener that collects again within <see cref="Patience"/> finds a reading of the last
/// <see cref="Interval"/>. While the storage cannot be read, only <c>lovage.storage.up</c> has a value. Safe for use by
/// several threads.
/// </remarks>
internal sealed class StorageGauges : IHostedService, IDisposable
{
    /// <summary>A younger reading is not repeated.</summary>
    internal static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    /// <summary>From one reading to the next while a listener collects.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>How long readings go on after the last collection; exporters collect each minute by default.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>An older reading is not told.</summary>
    internal static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(5);

    private readonly Func<CancellationToken, Task<StorageReading>> _read;
    private readonly TimeProvider _time;
    private readonly Meter _meter;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationToken _stopped;
    private readonly Lock _lock = new();
    private StorageReading? _reading;
    private long? _readTimestamp;
    private long _collectedTimestamp;
    private bool _isReading;
    private Task? _running;
    private Task _readings = Task.CompletedTask;

    /// <param name="read">Reads the storage; may throw.</param>
    /// <param name="time">Measures ages and pauses.</param>
    internal StorageGauges(Func<CancellationToken, Task<StorageReading>> read, TimeProvider time)
    {
        _read = read;
        _time = time;
        _stopped = _stopping.Token;

        // A meter of its own, so that these instruments end with the host.
        _meter = new Meter(new MeterOptions(LovageTelemetry.Name) { Scope = this });
        new StorageInstruments(Collect).AddTo(_meter);
    }

    /// <summary>The newest reading that may be told; null when there is none.</summary>
    internal StorageReading? Newest
    {
        get
        {
            lock (_lock)
            {
                return _readTimestamp is { } at && _time.GetElapsedTime(at) <= AgeMax ? _reading : null;
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Ends the readings, before the storage is closed. Calling it again does no harm, nor does a call after the
    /// disposal, as some test hosts make it.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task readings;
        lock (_lock)
        {
            _isReading = true;
            (_reading, _readTimestamp) = (null, null);
            readings = _readings;
        }

        if (!_stopped.IsCancellationRequested)
        {
            await _stopping.CancelAsync();
        }

        await readings.WaitAsync(cancellationToken).ConfigureAwait(
            ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _meter.Dispose();
        if (!_stopped.IsCancellationRequested)
        {
            _stopping.Cancel();
        }

        _stopping.Dispose();
    }

    /// <summary>
    /// Reads the storage, unless the last reading is fresh. It never throws; a failure leaves no value.
    /// </summary>
    internal async Task ReadAsync()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? other;
        lock (_lock)
        {
            if (_stopped.IsCancellationRequested
                || (_readTimestamp is { } at && _time.GetElapsedTime(at) < Freshness))
            {
                return;
            }

            other = _running;
            _running ??= ended.Task;
        }

        if (other is not null)
        {
            await other;
            return;
        }

        var reading = await AmbientState.Without(this, static gauges => gauges.TryReadAsync());
        lock (_lock)
        {
            _running = null;
            if (!_stopped.IsCancellationRequested)
            {
                (_reading, _readTimestamp) = (reading, _time.GetTimestamp());
            }
        }

        ended.SetResult();
    }

    [SuppressMessage("Design", "CA1031", Justification = "What cannot be read has no value; others report the fault.")]
    private async Task<StorageReading?> TryReadAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(ReadLimit, _time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopped);
            return await _read(both.Token);
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>A listener collects: the newest reading, and whether one was tried.</summary>
    private (StorageReading? Reading, bool WasTried) Collect()
    {
        bool isFirst;
        lock (_lock)
        {
            _collectedTimestamp = _time.GetTimestamp();
            isFirst = !_isReading;
            _isReading = true;
        }

        if (isFirst)
        {
            // Outside of the lock: it reads on this thread until its first wait.
            var readings = AmbientState.Without(this, static gauges => gauges.ReadOnAsync());
            lock (_lock)
            {
                _readings = readings;
            }
        }

        lock (_lock)
        {
            return (Newest, _readTimestamp is not null);
        }
    }

    private async Task ReadOnAsync()
    {
        while (true)
        {
            await ReadAsync();
            try
            {
                await Task.Delay(Interval, _time, _stopped);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            lock (_lock)
            {
                if (_time.GetElapsedTime(_collectedTimestamp) > Patience && !_stopped.IsCancellationRequested)
                {
                    (_reading, _readTimestamp) = (null, null);
                    _isReading = false;
                    return;
                }
            }
        }
    }
}
