using Lovage.Diagnostics;
using Lovage.Execution;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Lovage;

/// <summary>The thread pool, as the watch sees it.</summary>
internal abstract class WatchedPool
{
    /// <summary>True while a work item waits for a thread.</summary>
    internal abstract bool HasWaiting { get; }

    /// <summary>Adds a work item behind those that wait.</summary>
    internal abstract void Queue(IThreadPoolWorkItem item);

    /// <summary>The process's own.</summary>
    internal sealed class OfProcess : WatchedPool
    {
        internal override bool HasWaiting => ThreadPool.PendingWorkItemCount > 0;

        internal override void Queue(IThreadPoolWorkItem item) =>
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
    }
}

/// <summary>
/// Watches, from a thread of its own, how long the thread pool lets a work item wait. Handlers that block keep the
/// pool's threads; web requests, timers and awaited work then wait with that item. The log names such handlers. Beyond
/// a limit the app counts as not ready, until the pool answers promptly again.
/// </summary>
/// <remarks>Looks come from one thread; the rest is safe for use by several.</remarks>
internal sealed class StarvationWatch(
    TimeSpan limit,
    TimeProvider time,
    WatchedPool pool,
    Func<IEnumerable<RunningHandler>> onPool,
    ILogger logger) : IAsyncDisposable
{
    /// <summary>A longer wait is worth a warning, and a shorter one is a prompt answer.</summary>
    internal static readonly TimeSpan Prompt = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly StarvationReport _report = new(logger, time);
    private readonly CancellationTokenSource _stopped = new();
    private Task _ended = Task.CompletedTask;
    private Probe? _probe;
    private long _dueTimestamp;
    private bool _isStarved;
    private int _isDisposed;

    /// <summary>True from a wait beyond the limit until the pool answers promptly again.</summary>
    internal bool IsStarved => Volatile.Read(ref _isStarved);

    /// <summary>
    /// Starts the watch. With a clock that is not the system's it measures nothing and does not start.
    /// </summary>
    internal void Start()
    {
        if (time == TimeProvider.System)
        {
            _ended = new BackgroundLoop("starvation", time, _report.Fault).RunOnThread(
                _ => Task.FromResult(Look()), _stopped.Token);
        }
    }

    /// <summary>One look; returns the wait until the next.</summary>
    internal TimeSpan Look()
    {
        var now = time.GetTimestamp();
        var (delay, hasRun) = (TimeSpan.Zero, true);
        if (_probe is { } probe)
        {
            if (time.GetElapsedTime(_dueTimestamp, now) > Prompt)
            {
                // This thread did not run either: the process or the machine stood still, and the pool is not to blame.
                probe.Forgive(now - _dueTimestamp);
            }

            delay = probe.Delay(now, out hasRun);
            Judge(delay, hasRun);
        }

        Unfailing.Tell(delay.TotalSeconds, static seconds => LovageTelemetry.PoolDelay.Record(seconds));
        if (hasRun)
        {
            QueueProbe();
        }

        // In time for the limit, which need not be a whole number of intervals.
        var pause = !hasRun && delay < limit && limit - delay < Interval ? limit - delay : Interval;
        _dueTimestamp = now + (long)(pause.TotalSeconds * time.TimestampFrequency);
        return pause;
    }

    internal HealthCheckResult Health(HealthStatus failure)
    {
        var delay = Volatile.Read(ref _probe)?.Delay(time.GetTimestamp(), out _) ?? TimeSpan.Zero;
        var facts = new Dictionary<string, object> { ["delay_seconds"] = delay.TotalSeconds };
        return IsStarved
            ? HealthAnswer.Of(
                failure,
                $"The thread pool has let a work item wait for {delay.TotalSeconds:0.0} s: handlers block its threads.",
                StarvationReport.Describe(delay, onPool()),
                facts)
            : HealthAnswer.Of(HealthStatus.Healthy, "The thread pool answers.", facts: facts);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _stopped.CancelAsync();
            await _ended;
            _stopped.Dispose();
        }
    }

    private void Judge(TimeSpan delay, bool hasRun)
    {
        if (!hasRun && delay >= limit)
        {
            Volatile.Write(ref _isStarved, true);
        }
        else if (hasRun && delay <= Prompt && _isStarved)
        {
            Volatile.Write(ref _isStarved, false);
            _report.Recovered();
        }

        if (_isStarved)
        {
            _report.Starved(delay, onPool);
        }
        else if (delay > Prompt)
        {
            _report.Slow(delay, onPool);
        }
    }

    private void QueueProbe()
    {
        if (!_isStarved && !pool.HasWaiting)
        {
            // No work item waits. Waking a thread each second for the answer would be most of an idle process's work.
            Volatile.Write(ref _probe, null);
            return;
        }

        var probe = new Probe(time);
        Volatile.Write(ref _probe, probe);
        pool.Queue(probe);
    }

    /// <summary>
    /// A work item that notes when it ran. There is one at a time: a starving pool is not given more.
    /// </summary>
    private sealed class Probe(TimeProvider time) : IThreadPoolWorkItem
    {
        private const long NotYet = -1;

        private long _queuedTimestamp = time.GetTimestamp();
        private long _ranTimestamp = NotYet;

        public void Execute() => Volatile.Write(ref _ranTimestamp, time.GetTimestamp());

        internal void Forgive(long ticks) => Volatile.Write(ref _queuedTimestamp, _queuedTimestamp + ticks);

        /// <summary>How long it waited, or has been waiting so far.</summary>
        internal TimeSpan Delay(long now, out bool hasRun)
        {
            var ran = Volatile.Read(ref _ranTimestamp);
            hasRun = ran != NotYet;
            var delay = time.GetElapsedTime(Volatile.Read(ref _queuedTimestamp), hasRun ? ran : now);
            return delay > TimeSpan.Zero ? delay : TimeSpan.Zero;
        }
    }
}
