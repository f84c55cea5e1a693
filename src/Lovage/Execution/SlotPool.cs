using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// The slots of a worker: each takes a claimed job from the buffer and runs it, one after the other. Their number grows
/// and shrinks with the settings; a handler that ran over its limit loses its slot, and another slot takes its place.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class SlotPool(WorkerContext worker, Intake intake, RunningServices services)
{
    private const int YieldEvery = 64;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    private readonly JobExecutor _executor = new(worker.Time);
    private readonly Lock _lock = new();
    private readonly WakeUp _ended = new();
    private readonly WakeUp _busy = new();
    private ImmutableArray<Slot> _slots = [];
    private ImmutableArray<Running> _lost = [];
    private SlotLoan? _wanted;
    private int _running;
    private bool _isDraining;
    private bool _isAwaited;
    private TaskScheduler _scheduler = TaskScheduler.Default;

    /// <summary>What runs now, handlers that the worker gave up on excluded.</summary>
    internal IEnumerable<Running> All =>
        from slot in Slots
        let running = slot.Running
        where running is { Attempt.HasEnded: false }
        select running;

    /// <summary>Attempts that run now.</summary>
    internal int Running => Volatile.Read(ref _running);

    private ImmutableArray<Slot> Slots
    {
        get
        {
            lock (_lock)
            {
                return _slots;
            }
        }
    }

    /// <summary>
    /// The handlers that run and have no thread of their own, those that the worker gave up on included while they keep
    /// a thread.
    /// </summary>
    internal IEnumerable<RunningHandler> OnPool()
    {
        ImmutableArray<Running> lost;
        lock (_lock)
        {
            lost = _lost;
        }

        return from running in All.Concat(lost.Where(static one => one.Attempt!.HoldsThread))
               let holds = running.Attempt!.HoldsThread
               where !(holds && running.IsApart)
               select new RunningHandler(
                   running.Definition!.Name, holds, worker.Time.GetElapsedTime(running.StartedTimestamp));
    }

    internal void Start()
    {
        _scheduler = TaskScheduler.Current;
        Resize();
    }

    /// <summary>Makes as many slots as the settings say. Those over the number end after what they run.</summary>
    internal void Resize()
    {
        var wanted = worker.Settings.Concurrency;
        services.Threads.Resize(wanted);
        var added = new List<Slot>();
        lock (_lock)
        {
            var active = _slots.Count(static slot => !slot.IsRetired);
            foreach (var slot in _slots.Where(static slot => slot.IsRetired).Take(wanted - active))
            {
                // It has not ended yet: a handler runs in it.
                slot.IsRetired = false;
                active++;
            }

            // Free ones first: the others have work to do.
            foreach (var slot in _slots.OrderBy(static slot => slot.Running is not null)
                .Where(static slot => !slot.IsRetired)
                .Take(active - wanted)
                .ToList())
            {
                slot.IsRetired = true;
                active--;
            }

            for (; active < wanted; active++)
            {
                added.Add(new Slot());
                _slots = _slots.Add(added[^1]);
            }
        }

        added.ForEach(slot => Launch(() => RunSlotAsync(slot)));
        intake.Wake();
    }

    /// <summary>
    /// Claims a job on a free slot, as soon as there is one, and runs the job on it. The slot is taken for the time of
    /// the claim, so that nothing is claimed that would wait for a slot. For one caller at a time.
    /// </summary>
    /// <param name="claim">Claims; null when there is nothing. Its fault is the fault of the returned task.</param>
    /// <param name="cancellationToken">Ends the wait for a free slot.</param>
    /// <returns>The claim, as soon as there is one: the job begins to run. Null when there was nothing.</returns>
    internal async Task<HeldLease?> ClaimAndRunAsync(
        Func<Task<HeldLease?>> claim, CancellationToken cancellationToken)
    {
        var loan = new SlotLoan(claim);
        Volatile.Write(ref _wanted, loan);
        intake.Wake(1);
        await using var withdrawn = cancellationToken.UnsafeRegister(
            _ =>
            {
                if (Interlocked.CompareExchange(ref _wanted, null, loan) == loan)
                {
                    loan.Claimed.TrySetCanceled(cancellationToken);
                }
            },
            null);
        return await loan.Claimed.Task;
    }

    /// <summary>Waits, for the one that watches, until something runs: an idle worker needs no watch.</summary>
    internal async Task WaitUntilBusyAsync(CancellationToken stopped)
    {
        // Who starts counts up first and looks at the flag then: one of the two sees the other.
        var seen = _busy.Version;
        Volatile.Write(ref _isAwaited, true);
        Interlocked.MemoryBarrier();
        if (Running == 0)
        {
            await _busy.WaitAsync(seen, LookInterval, worker.Time, stopped);
        }

        Volatile.Write(ref _isAwaited, false);
    }

    /// <summary>
    /// Ends an attempt that ran over its limit, whether its handler ever returns or not, and puts another slot in place
    /// of the one it keeps.
    /// </summary>
    internal void GiveUp(Running running)
    {
        var attempt = running.Attempt!;
        if (!attempt.TryEnd())
        {
            return;
        }

        var duration = worker.Time.GetElapsedTime(running.StartedTimestamp);
        var ending = new AttemptEnding(AttemptEnd.TimedOut, new TimeoutException(
            $"The attempt ran over its time limit and its handler did not stop within {duration.TotalSeconds:0.0} s."));
        worker.Report.GaveUp(running.Message, duration);
        var isCompleting = attempt.Completed is not null;
        if (!isCompleting)
        {
            // On the watch's own thread, which needs no other: the handler may be keeping the pool.
            running.EndNow(ending, duration);
        }

        if (running.Definition!.Execution == JobExecution.DedicatedThread)
        {
            services.Threads.Replace();
        }

        var replacement = new Slot();
        lock (_lock)
        {
            replacement.IsRetired = running.Slot.IsRetired;
            _slots = _slots.Replace(running.Slot, replacement);
            if (attempt.HoldsThread && !running.IsApart)
            {
                _lost = [.. _lost.Where(static earlier => earlier.Attempt!.HoldsThread), running];
            }
        }

        Launch(async () =>
        {
            if (isCompleting)
            {
                await TryEndAsync(running, ending, duration);
            }

            Leave(running.Held);
            await RunSlotAsync(replacement);
        });
    }

    /// <summary>Waits until nothing runs and nothing is claimed, at most as long as the limit.</summary>
    internal async Task DrainAsync(TimeSpan limit, CancellationToken forced)
    {
        Volatile.Write(ref _isDraining, true);
        Interlocked.MemoryBarrier();
        var start = worker.Time.GetTimestamp();
        while (!forced.IsCancellationRequested)
        {
            var seen = _ended.Version;
            var rest = limit - worker.Time.GetElapsedTime(start);
            if ((intake.InFlight == 0 && Running == 0) || rest <= TimeSpan.Zero)
            {
                return;
            }

            try
            {
                await _ended.WaitAsync(seen, rest, worker.Time, forced);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Asks all handlers to stop because the worker does.</summary>
    internal void CancelAll()
    {
        foreach (var running in All)
        {
            running.Attempt!.Cancel(JobCancellationReason.Shutdown);
        }
    }

    /// <summary>Ends all attempts without waiting for their handlers.</summary>
    /// <returns>The claims to release.</returns>
    internal List<HeldLease> Abandon()
    {
        var left = new List<HeldLease>();
        foreach (var running in All)
        {
            // A claim that a transaction holds cannot be released: it ends with that, or with its lease.
            if (running.Attempt!.TryEnd() && running.Attempt.Completed is null)
            {
                left.Add(running.Held);
            }
        }

        return left;
    }

    /// <summary>
    /// Starts a slot on the worker's scheduler, away from any context: neither the watch, whose thread replaces lost
    /// slots, nor a context of the app that starts the worker may come to run jobs.
    /// </summary>
    private void Launch(Func<Task> run) =>
        Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);

    private async Task RunSlotAsync(Slot slot)
    {
        for (var count = 1; !(slot.IsRetired && TryLeave(slot)); count++)
        {
            var seen = intake.Version;
            if (Volatile.Read(ref _wanted) is { } loan
                && Interlocked.CompareExchange(ref _wanted, null, loan) == loan)
            {
                if (await loan.ClaimAsync() is { } claimed && !await TryRunAsync(slot, claimed))
                {
                    return;
                }
            }
            else if (intake.TryTake(out var held))
            {
                if (!await TryRunAsync(slot, held))
                {
                    return;
                }
            }
            else if (intake.IsClosed)
            {
                return;
            }
            else
            {
                await intake.WaitAsync(seen);
                continue;
            }

            if (count % YieldEvery == 0)
            {
                await Task.Yield();
            }
        }

        // The wake-up that ended its wait may have been for a job.
        intake.Wake(1);
    }

    /// <summary>Takes a retired slot out; false when it is to stay after all.</summary>
    private bool TryLeave(Slot slot)
    {
        lock (_lock)
        {
            if (slot.IsRetired)
            {
                _slots = _slots.Remove(slot);
            }

            return slot.IsRetired;
        }
    }

    /// <returns>False when the worker gave up on the attempt meanwhile: the slot is out of use.</returns>
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A fault of ours in one job must not take its slot from all the others; the job comes back "
            + "when its lease ends.")]
    private async ValueTask<bool> TryRunAsync(Slot slot, HeldLease held)
    {
        Interlocked.Increment(ref _running);
        if (Volatile.Read(ref _isAwaited))
        {
            _busy.Pulse();
        }

        try
        {
            var run = new Running(held, slot, services);
            if (!await _executor.RunAsync(run))
            {
                return false;
            }

            if (run.Attempt is not null)
            {
                intake.JobTook(run.Duration);
            }
        }
        catch (OperationCanceledException) when (worker.Stopped.IsCancellationRequested)
        {
        }
        catch (Exception fault)
        {
            Forget(slot, held, fault);
        }

        Leave(held);
        return true;
    }

    [SuppressMessage("Design", "CA1031", Justification = "As in TryRunAsync.")]
    private async Task TryEndAsync(Running running, AttemptEnding ending, TimeSpan duration)
    {
        try
        {
            await JobExecutor.EndAsync(running, ending, duration);
        }
        catch (OperationCanceledException) when (worker.Stopped.IsCancellationRequested)
        {
        }
        catch (Exception fault)
        {
            Forget(running.Slot, running.Held, fault);
        }
    }

    private void Forget(Slot slot, HeldLease held, Exception fault)
    {
        slot.Running = null;
        worker.Report.LoopFault("slot", fault);
        services.Leases.Remove(held.Delivery.Token);
    }

    private void Leave(HeldLease held)
    {
        Interlocked.Decrement(ref _running);
        intake.Leave(held);
        if (Volatile.Read(ref _isDraining))
        {
            _ended.Pulse();
        }
    }
}
