namespace Lovage.Simulation.Engine;

/// <summary>
/// Everything that happens in one simulated world, on one thread: the next piece of work is drawn by the seed among all
/// that are ready; when nothing is, time jumps to the next timer.
/// </summary>
internal sealed class EventLoop(Random random)
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<(SimulatedProcess Process, object Work)> _ready = [];
    private readonly PriorityQueue<VirtualTimer, (long Due, long Number)> _timers = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _timerNumber;
    private string? _escape;

    /// <summary>Virtual time since the start, in ticks of 100 ns.</summary>
    internal long Now { get; private set; }

    internal DateTimeOffset UtcNow => Epoch.AddTicks(Now);

    /// <summary>Work done so far.</summary>
    internal long Steps { get; private set; }

    /// <summary>What ran, or was scheduled, on another thread; null when nothing did.</summary>
    internal string? Escape => Volatile.Read(ref _escape);

    /// <summary>Notes an escape when it is called on any thread but the simulation's.</summary>
    internal bool IsHere(string what)
    {
        if (Environment.CurrentManagedThreadId == _thread)
        {
            return true;
        }

        Interlocked.CompareExchange(ref _escape, $"{what} on another thread:\n{Environment.StackTrace}", null);
        return false;
    }

    internal void Post(SimulatedProcess process, object work)
    {
        if (IsHere("work was scheduled"))
        {
            _ready.Add((process, work));
        }
    }

    internal void Schedule(VirtualTimer timer, long due)
    {
        if (IsHere("a timer was set"))
        {
            timer.Due = due;
            _timers.Enqueue(timer, (due, ++_timerNumber));
        }
    }

    /// <summary>Does something to the world at a moment, outside of all processes.</summary>
    internal void At(TimeSpan moment, Action action) =>
        Schedule(new VirtualTimer(this, null, action), Math.Max(Now, moment.Ticks));

    internal void After(TimeSpan wait, Action action) =>
        Schedule(new VirtualTimer(this, null, action), Now + wait.Ticks);

    /// <summary>Runs until the condition holds, the time is over, or nothing can ever happen again.</summary>
    /// <returns>True when the condition held.</returns>
    internal bool Run(Func<bool> isDone, TimeSpan limit)
    {
        while (!isDone())
        {
            if (_ready.Count > 0)
            {
                Step();
            }
            else if (!Advance(limit.Ticks))
            {
                return false;
            }
        }

        return true;
    }

    private void Step()
    {
        var index = _ready.Count == 1 ? 0 : random.Next(_ready.Count);
        var (process, work) = _ready[index];
        var last = _ready.Count - 1;
        _ready[index] = _ready[last];
        _ready.RemoveAt(last);
        Steps++;
        process.Run(work);
    }

    private bool Advance(long limit)
    {
        while (_timers.TryPeek(out var timer, out var key))
        {
            if (timer.Due != key.Due)
            {
                // It was changed or ended since.
                _timers.Dequeue();
                continue;
            }

            if (key.Due > limit)
            {
                return false;
            }

            Now = Math.Max(Now, key.Due);
            while (_timers.TryPeek(out timer, out key) && key.Due <= Now)
            {
                _timers.Dequeue();
                if (timer.Due == key.Due)
                {
                    timer.Due = VirtualTimer.Never;
                    timer.Elapse();
                }
            }

            return true;
        }

        return false;
    }
}
