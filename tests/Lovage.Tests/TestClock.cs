using Microsoft.Extensions.Time.Testing;

namespace Lovage.Tests;

/// <summary>Microsoft's fake clock, which also says when its next timer is due.</summary>
/// <remarks>
/// A timer's callback reads the end of a move. A test that wants each timer at its own time moves from timer to timer.
/// </remarks>
internal sealed class TestClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Lock _lock = new();
    private readonly HashSet<Timer> _running = [];

    internal TestClock()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>How far the clock was moved.</summary>
    internal TimeSpan Elapsed => base.GetUtcNow() - Start;

    /// <summary>How wrong the time of the day is. Timers and timestamps do not feel it.</summary>
    internal TimeSpan Error { get; set; }

    /// <summary>How long until the next timer is due; null when there is none.</summary>
    internal TimeSpan? NextTimer
    {
        get
        {
            lock (_lock)
            {
                return _running.Count == 0
                    ? null
                    : TimeSpan.FromTicks(Math.Max(0, _running.Min(static timer => timer.Due) - GetTimestamp()));
            }
        }
    }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Error;

    public override long GetTimestamp() => base.GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private ITimer CreateInner(TimerCallback callback) =>
        base.CreateTimer(callback, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>A timer of the base class, and its due time.</summary>
    private sealed class Timer : ITimer
    {
        private readonly TestClock _clock;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly ITimer _inner;
        private TimeSpan _period;
        private int _changes;

        internal Timer(TestClock clock, TimerCallback callback, object? state)
        {
            _clock = clock;
            _callback = callback;
            _state = state;
            _inner = clock.CreateInner(_ => Fire());
        }

        /// <summary>As a timestamp of the clock.</summary>
        internal long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            // The due time shows once the inner timer runs: a test may move the clock as soon as it sees one.
            for (var isSet = false; !isSet;)
            {
                var start = _clock.GetTimestamp();
                int change;
                lock (_clock._lock)
                {
                    change = ++_changes;
                    _period = period;
                    Due = start + dueTime.Ticks;
                    _clock._running.Remove(this);
                }

                _inner.Change(dueTime, period);
                lock (_clock._lock)
                {
                    // When the clock has moved meanwhile, the inner timer may have started at either time.
                    isSet = change != _changes || dueTime < TimeSpan.Zero || start == _clock.GetTimestamp();
                    if (isSet && change == _changes && dueTime >= TimeSpan.Zero)
                    {
                        _clock._running.Add(this);
                    }
                }
            }

            return true;
        }

        public void Dispose()
        {
            Forget();
            _inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Forget();
            return _inner.DisposeAsync();
        }

        private void Fire()
        {
            lock (_clock._lock)
            {
                if (_period > TimeSpan.Zero)
                {
                    Due += _period.Ticks;
                }
                else if (Due <= _clock.GetTimestamp())
                {
                    _changes++;
                    _clock._running.Remove(this);
                }
            }

            _callback(_state);
        }

        private void Forget()
        {
            lock (_clock._lock)
            {
                _changes++;
                _clock._running.Remove(this);
            }
        }
    }
}
