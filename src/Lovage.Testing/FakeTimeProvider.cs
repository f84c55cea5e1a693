using System.Diagnostics.CodeAnalysis;

namespace Lovage.Testing;

/// <summary>
/// A clock that stands still until a test moves it. Moving it fires timers, and so ends waits, in the order of their
/// due times, each at its own time. The wall clock and the monotonic one move together.
/// </summary>
/// <remarks>
/// Safe for use by several threads. Timer callbacks run on the thread that moves the clock, before the move returns;
/// what code that awaited does after that may still be under way on another thread.
/// </remarks>
public sealed class FakeTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Timer, (long DueTicks, long Order)> _timers = new();
    private readonly DateTimeOffset _start;
    private long _elapsedTicks;
    private long _order;

    /// <summary>Makes a clock.</summary>
    /// <param name="start">Where it stands; null (the default) for 2026-01-01 00:00 UTC.</param>
    public FakeTimeProvider(DateTimeOffset? start = null) =>
        _start = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How long until the next timer is due; null when there is none.</summary>
    public TimeSpan? NextTimer
    {
        get
        {
            lock (_lock)
            {
                return NextNeedsLock() is { } next ? TimeSpan.FromTicks(Math.Max(0, next - _elapsedTicks)) : null;
            }
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + TimeSpan.FromTicks(Volatile.Read(ref _elapsedTicks));

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _elapsedTicks);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on.</summary>
    /// <param name="time">How far; zero fires what is due now.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative: a clock is not moved back.</exception>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        long target;
        lock (_lock)
        {
            target = _elapsedTicks + time.Ticks;
        }

        while (TakeDue(target) is { } due)
        {
            due.Callback(due.State);
        }

        lock (_lock)
        {
            // A callback may have moved it further.
            Volatile.Write(ref _elapsedTicks, Math.Max(_elapsedTicks, target));
        }
    }

    private (TimerCallback Callback, object? State)? TakeDue(long target)
    {
        lock (_lock)
        {
            if (NextNeedsLock() is not { } due || due > target)
            {
                return null;
            }

            var timer = _timers.Dequeue();
            Volatile.Write(ref _elapsedTicks, Math.Max(_elapsedTicks, due));
            timer.FiredNeedsLock(due);
            return (timer.Callback, timer.State);
        }
    }

    private long? NextNeedsLock()
    {
        // Entries of timers that were changed or disposed since stay behind until they come up.
        while (_timers.TryPeek(out var timer, out var place))
        {
            if (timer.Place == place)
            {
                return place.DueTicks;
            }

            _timers.Dequeue();
        }

        return null;
    }

    [SuppressMessage("Design", "CA1001", Justification = "The clock outlives its timers.")]
    private sealed class Timer(FakeTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;
        private bool _disposed;

        internal TimerCallback Callback { get; } = callback;

        internal object? State { get; } = state;

        internal (long DueTicks, long Order)? Place { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                if (_disposed)
                {
                    return false;
                }

                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan)
                {
                    Place = null;
                }
                else
                {
                    SetNeedsLock(clock._elapsedTicks + dueTime.Ticks);
                }

                return true;
            }
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                _disposed = true;
                Place = null;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        internal void FiredNeedsLock(long due)
        {
            Place = null;
            if (_period > TimeSpan.Zero)
            {
                SetNeedsLock(due + _period.Ticks);
            }
        }

        private void SetNeedsLock(long dueTicks)
        {
            Place = (dueTicks, clock._order++);
            clock._timers.Enqueue(this, Place.Value);
        }
    }
}
