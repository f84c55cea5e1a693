using System.Diagnostics.CodeAnalysis;
using Lovage.Dashboard.Telemetry;
using Lovage.Diagnostics;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Dashboard.Sampling;

/// <summary>What the sampler knows now.</summary>
/// <param name="Reading">The newest reading; null before the first.</param>
/// <param name="Up">True when the storage answered the last time.</param>
/// <param name="Since">Since when that is so; null before the first look.</param>
/// <param name="Error">Why it did not answer; null while it does.</param>
internal sealed record ConsoleState(ConsoleReading? Reading, bool Up, DateTimeOffset? Since, string? Error);

/// <summary>
/// Looks at the storage's counters while the app runs: each second while a stream is open, else every ten seconds.
/// Signals hasten the next look while a stream is open. The process has one sampler, whatever it maps, and all pages
/// and streams share it.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
[SuppressMessage(
    "Design", "CA1001", Justification = "It lives as long as the app, whose end cancels it; no timer is left.")]
internal sealed partial class ConsoleSampler
{
    /// <summary>While a stream is open.</summary>
    internal static readonly TimeSpan Fast = TimeSpan.FromSeconds(1);

    /// <summary>From one look to the next at the least, when signals hasten it.</summary>
    internal static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(200);

    /// <summary>While none is.</summary>
    internal static readonly TimeSpan Slow = SampleRing.Step;

    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(5);

    private readonly JobInspector _jobs;
    private readonly TimeProvider _time;
    private readonly GuardedLogger _logger;
    private readonly WakeUp _wanted = new();
    private readonly SignalWatch _signals;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _one = new(1);
    private ConsoleState _state = new(null, true, null, null);
    private Func<CancellationToken, Task> _published = static _ => Task.CompletedTask;
    private int _fast;

    internal ConsoleSampler(JobInspector jobs, TimeProvider time, GuardedLogger logger)
    {
        _jobs = jobs;
        _signals = new SignalWatch(jobs);
        _time = time;
        _logger = logger;
    }

    internal ConsoleState State => Volatile.Read(ref _state);

    internal SampleHistory History { get; } = new();

    /// <summary>How often it has looked.</summary>
    internal long Looks { get; private set; }

    /// <summary>Begins to look, and calls back after each look.</summary>
    internal void Start(Func<CancellationToken, Task> published)
    {
        _published = published;
        _ = AmbientState.Without(this, static sampler => sampler.FollowAsync(sampler._stopping.Token));
    }

    /// <summary>Looks each second until the answer is disposed.</summary>
    internal IDisposable KeepFast()
    {
        Interlocked.Increment(ref _fast);
        _wanted.Pulse();
        return new Lease(this);
    }

    /// <summary>Ends the looks.</summary>
    internal void Stop() => _stopping.Cancel();

    /// <summary>The newest reading; looks first when there is none of the last second.</summary>
    internal async ValueTask<ConsoleState> ReadAsync(CancellationToken cancellationToken)
    {
        if (State.Reading is null || _time.GetUtcNow() - State.Reading.At > Fast)
        {
            await LookAsync(cancellationToken);
        }

        return State;
    }

    /// <summary>
    /// Looks once, and lets the next look come at its time. It never throws but for the caller's end.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "What the storage cannot say is shown as such.")]
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        var before = State;
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (!ReferenceEquals(State, before))
            {
                // Another caller has looked meanwhile.
                return;
            }

            using var limit = new CancellationTokenSource(ReadLimit, _time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            var now = _time.GetUtcNow();
            try
            {
                var reading = await ConsoleMeters.MeasureAsync(
                    "look",
                    _time,
                    () => new ValueTask<ConsoleReading>(ConsoleReading.OfAsync(_jobs, now, both.Token)),
                    static _ => true,
                    cancellationToken);
                History.Add(reading);
                Publish(new ConsoleState(reading, true, before.Up && before.Since is { } since ? since : now, null));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception fault)
            {
                if (fault is not (StorageException or OperationCanceledException))
                {
                    LogFault(_logger, fault);
                }

                var reason = fault is OperationCanceledException
                    ? $"It has not answered within {ReadLimit.TotalSeconds:0} s."
                    : fault.Message;
                Publish(new ConsoleState(before.Reading, false, before.Up ? now : before.Since, reason));
            }

            Looks++;
        }
        finally
        {
            _one.Release();
        }
    }

    private void Publish(ConsoleState state) => Volatile.Write(ref _state, state);

    private async Task FollowAsync(CancellationToken stopping)
    {
        try
        {
            await RunAsync(stopping);
        }
        finally
        {
            _signals.Turn(isOn: false);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A fault of one look must not end the looks.")]
    private async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var seen = _wanted.Version;
            var isFast = Volatile.Read(ref _fast) > 0;
            _signals.Turn(isFast);
            var begun = _signals.Begin();
            try
            {
                await LookAsync(stopping);
                await _published(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (ObjectDisposedException)
            {
                // The app was disposed without a stop.
                return;
            }
            catch (Exception fault)
            {
                LogFault(_logger, fault);
            }

            try
            {
                if (isFast)
                {
                    await PauseAsync(begun, stopping);
                }
                else
                {
                    await _wanted.WaitAsync(seen, Slow, _time, stopping);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Waits for the next look while a stream is open.</summary>
    private async Task PauseAsync(long begun, CancellationToken stopping)
    {
        var start = _time.GetTimestamp();
        if (await _signals.WaitAsync(begun, Fast, _time, stopping)
            && Gap - _time.GetElapsedTime(start) is var rest
            && rest > TimeSpan.Zero)
        {
            await Task.Delay(rest, _time, stopping);
        }
    }

    [LoggerMessage(3111, LogLevel.Warning, "A look of the console at the storage failed")]
    private static partial void LogFault(ILogger logger, Exception fault);

    private sealed class Lease(ConsoleSampler sampler) : IDisposable
    {
        private int _isEnded;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isEnded, 1) == 0)
            {
                Interlocked.Decrement(ref sampler._fast);
            }
        }
    }
}
