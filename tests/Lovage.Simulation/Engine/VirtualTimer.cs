namespace Lovage.Simulation.Engine;

/// <summary>
/// A timer in virtual time. It belongs to a process, which must be alive and awake to hear of it, or to the world.
/// </summary>
internal sealed class VirtualTimer : ITimer
{
    internal const long Never = -1;

    private readonly EventLoop _loop;
    private readonly SimulatedProcess? _process;
    private readonly Action _callback;
    private TimeSpan _period = Timeout.InfiniteTimeSpan;

    internal VirtualTimer(EventLoop loop, SimulatedProcess? process, Action callback)
    {
        _loop = loop;
        _process = process;
        _callback = callback;
    }

    /// <summary>When it fires next, by the loop's time; never while it is off.</summary>
    internal long Due { get; set; } = Never;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        _period = period;
        if (dueTime == Timeout.InfiniteTimeSpan)
        {
            Due = Never;
        }
        else
        {
            _loop.Schedule(this, _loop.Now + dueTime.Ticks);
        }

        return true;
    }

    public void Dispose() => Due = Never;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    internal void Elapse()
    {
        if (_process is null)
        {
            _callback();
        }
        else
        {
            _loop.Post(_process, this);
        }
    }

    internal void Fire()
    {
        _callback();
        if (_period > TimeSpan.Zero)
        {
            _loop.Schedule(this, _loop.Now + _period.Ticks);
        }
    }
}
