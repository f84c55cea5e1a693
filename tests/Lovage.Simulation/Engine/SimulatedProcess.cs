namespace Lovage.Simulation.Engine;

/// <summary>
/// One process of the simulated world: it has a task scheduler, a clock and a life. Killed, nothing of it ever runs
/// again; frozen, its work waits until it is thawed.
/// </summary>
internal class SimulatedProcess : TaskScheduler
{
    private readonly EventLoop _loop;
    private readonly List<object> _frozenWork = [];

    internal SimulatedProcess(EventLoop loop, string name, TimeSpan clockOffset)
    {
        _loop = loop;
        Name = name;
        Time = new VirtualTime(loop, this, clockOffset);
    }

    internal string Name { get; }

    internal VirtualTime Time { get; }

    internal bool IsDead { get; private set; }

    internal bool IsFrozen { get; private set; }

    /// <summary>The process whose code is running.</summary>
    internal static new SimulatedProcess Current => (SimulatedProcess)TaskScheduler.Current;

    internal void Kill()
    {
        IsDead = true;
        _frozenWork.Clear();
    }

    internal void Freeze() => IsFrozen = true;

    internal void Thaw()
    {
        IsFrozen = false;
        foreach (var work in _frozenWork)
        {
            _loop.Post(this, work);
        }

        _frozenWork.Clear();
    }

    /// <summary>Starts work in this process.</summary>
    internal void Start(Func<Task> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, this);

    internal void Run(object work)
    {
        if (IsDead)
        {
            return;
        }

        if (IsFrozen)
        {
            _frozenWork.Add(work);
        }
        else if (work is Task task)
        {
            TryExecuteTask(task);
        }
        else
        {
            ((VirtualTimer)work).Fire();
        }
    }

    protected override void QueueTask(Task task) => _loop.Post(this, task);

    // Every continuation passes through the loop, so that the seed decides when it runs.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}

/// <summary>A process's clock: the world's time, with a wall clock that may be wrong.</summary>
internal sealed class VirtualTime(EventLoop loop, SimulatedProcess? process, TimeSpan wallOffset) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => loop.UtcNow + wallOffset;

    public override long GetTimestamp() => loop.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(loop, process, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }
}
