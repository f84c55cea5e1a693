using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Lovage.Diagnostics;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Execution;

/// <summary>
/// The slots of a worker: each takes a claimed job from the buffer, runs it and hands its outcome on, one after the
/// other. What happens to one job stands in <see cref="ProcessAsync"/> and <see cref="RunAsync"/>.
/// </summary>
internal sealed class SlotRunner(
    Intake intake, LeaseKeeper leases, SettlementBuffer settlements, JobStorage storage, JobRegistry jobs,
    JobRunner runner, AttemptOutcomes outcomes, TransactionalCompletion completion, JobSerializer serializer,
    IServiceScopeFactory scopes, WorkerSettings settings, TimeProvider time, WorkerReport report, bool ownThreads,
    CancellationToken stopped) : IDisposable
{
    private const int YieldEvery = 64;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    private readonly DedicatedThreads _dedicated = new("dedicated", settings.Concurrency);
    private readonly WakeUp _ended = new();
    private readonly WakeUp _busy = new();
    private Slot[] _slots = [];
    private ImmutableArray<JobAttempt> _lost = [];
    private int _running;
    private bool _draining;
    private bool _isAwaited;
    private TaskScheduler _scheduler = TaskScheduler.Default;

    /// <summary>The slots that are in use.</summary>
    internal Slot[] Slots => Volatile.Read(ref _slots);

    /// <summary>Attempts that run now.</summary>
    internal int Running => Volatile.Read(ref _running);

    /// <summary>
    /// The handlers that run and have no thread of their own, those that the worker gave up on included while they keep
    /// a thread.
    /// </summary>
    internal IEnumerable<RunningHandler> OnPool() =>
        from attempt in Slots.Select(static slot => slot.Attempt)
            .OfType<JobAttempt>()
            .Where(static attempt => !attempt.HasEnded)
            .Concat(_lost.Where(static attempt => attempt.HoldsThread))
        let holds = attempt.HoldsThread
        where !(holds && IsApart(attempt))
        select new RunningHandler(attempt.Definition.Name, holds, time.GetElapsedTime(attempt.StartedTimestamp));

    internal void Start()
    {
        _scheduler = TaskScheduler.Current;
        Volatile.Write(ref _slots, [.. Enumerable.Range(0, settings.Concurrency).Select(_ => new Slot())]);
        foreach (var slot in _slots)
        {
            Launch(() => RunSlotAsync(slot));
        }
    }

    /// <summary>
    /// Waits, for the one that watches, until something runs: an idle worker has nothing to be looked at.
    /// </summary>
    internal async Task WaitUntilBusyAsync(CancellationToken stopped)
    {
        // Who starts counts up first and looks at the flag then: one of the two sees the other.
        var seen = _busy.Version;
        Volatile.Write(ref _isAwaited, true);
        Interlocked.MemoryBarrier();
        if (Running == 0)
        {
            await _busy.WaitAsync(seen, LookInterval, time, stopped);
        }

        Volatile.Write(ref _isAwaited, false);
    }

    /// <summary>
    /// Ends an attempt that ran over its limit, whether its handler ever returns or not, and puts another slot in place
    /// of the one it keeps.
    /// </summary>
    internal void GiveUp(Slot slot, JobAttempt attempt)
    {
        if (slot.Held is not { } held || !attempt.TryEnd())
        {
            return;
        }

        var duration = time.GetElapsedTime(attempt.StartedTimestamp);
        var ending = new AttemptEnding(AttemptEnd.TimedOut, new TimeoutException(
            $"The attempt ran over its time limit and its handler did not stop within {duration.TotalSeconds:0.0} s."));
        report.GaveUp(attempt, duration);
        var isCompleting = attempt.Completed is not null;
        if (!isCompleting)
        {
            WorkerMeasures.Ended(attempt.Delivery.Message, ending.End, ending.Error, duration, null);
            var outcome = outcomes.Of(attempt, ending, duration)!;
            report.Ended(held.Delivery, outcome, ending, TimeSpan.Zero, attempt.MaxAttempts);
            settlements.Add(outcome);
        }

        if (attempt.Definition.Execution == JobExecution.DedicatedThread)
        {
            _dedicated.Replace();
        }
        else if (attempt.HoldsThread)
        {
            _lost = [.. _lost.Where(static earlier => earlier.HoldsThread), attempt];
        }

        var replacement = new Slot();
        Volatile.Write(ref _slots, [.. _slots.Select(other => other == slot ? replacement : other)]);
        Launch(async () =>
        {
            if (isCompleting)
            {
                await EndAsync(attempt, ending, duration, TimeSpan.Zero, null);
            }

            await ReplaceAsync(held, replacement);
        });
    }

    /// <summary>Waits until nothing runs, at most as long as the limit.</summary>
    internal async Task DrainAsync(TimeSpan limit, CancellationToken forced)
    {
        Volatile.Write(ref _draining, true);
        var start = time.GetTimestamp();
        while (!forced.IsCancellationRequested)
        {
            var seen = _ended.Version;
            var rest = limit - time.GetElapsedTime(start);
            if (intake.InFlight == 0 || rest <= TimeSpan.Zero)
            {
                return;
            }

            try
            {
                await _ended.WaitAsync(seen, rest, time, forced);
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
        foreach (var slot in Slots)
        {
            slot.Attempt?.Cancel(JobCancellationReason.Shutdown);
        }
    }

    /// <summary>Ends all attempts without waiting for their handlers.</summary>
    /// <returns>The leases to give back.</returns>
    internal List<HeldLease> Abandon()
    {
        var left = new List<HeldLease>();
        foreach (var slot in Slots)
        {
            // A claim that a transaction holds cannot be given back: it ends with that, or with its lease.
            if (slot.Attempt is { } attempt && slot.Held is { } held && attempt.TryEnd() && attempt.Completed is null)
            {
                left.Add(held);
            }
        }

        return left;
    }

    /// <summary>Lets idle threads of its own end.</summary>
    public void Dispose() => _dedicated.Dispose();

    /// <summary>
    /// Starts a slot on the worker's scheduler, away from any context: neither the watch, whose thread replaces lost
    /// slots, nor a context of the app that starts the worker may come to run jobs.
    /// </summary>
    private void Launch(Func<Task> run) =>
        Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);

    private async Task ReplaceAsync(HeldLease held, Slot replacement)
    {
        await FinishAsync(held);
        await RunSlotAsync(replacement);
    }

    private async Task RunSlotAsync(Slot slot)
    {
        for (var count = 1; ; count++)
        {
            if (!intake.TryTake(out var held))
            {
                if (!await intake.WaitToTakeAsync())
                {
                    return;
                }

                continue;
            }

            Interlocked.Increment(ref _running);
            if (Volatile.Read(ref _isAwaited))
            {
                _busy.Pulse();
            }

            if (!await TryProcessAsync(slot, held))
            {
                return;
            }

            await FinishAsync(held);
            if (count % YieldEvery == 0)
            {
                await Task.Yield();
            }
        }
    }

    private async ValueTask FinishAsync(HeldLease held)
    {
        if (held.Delivery.IsOrphan)
        {
            // While its outcome is unwritten, the death of this process would still count against it: no other that
            // came back may run yet.
            await settlements.WaitUntilWrittenAsync(held.Delivery.Token, stopped);
        }

        Interlocked.Decrement(ref _running);
        intake.Leave(held);
        if (Volatile.Read(ref _draining))
        {
            _ended.Pulse();
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A fault of ours in one job must not take its slot from all the others; the job comes back "
            + "when its lease ends.")]
    private async ValueTask<bool> TryProcessAsync(Slot slot, HeldLease held)
    {
        try
        {
            return await ProcessAsync(slot, held);
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception fault)
        {
            slot.Set(null, null);
            report.LoopFault("slot", fault);
            leases.Remove(held.Delivery.Token);
            return true;
        }
    }

    /// <returns>False when the worker gave up on the attempt meanwhile: the slot is out of use.</returns>
    private async ValueTask<bool> ProcessAsync(Slot slot, HeldLease held)
    {
        var delivery = held.Delivery;
        var message = delivery.Message;
        if (held.Cancelled == JobCancellationReason.LeaseLost || !leases.IsTrusted(held))
        {
            Drop(held);
            return true;
        }

        var known = jobs.TryFind(message.Name, out var definition);
        AttemptEnding? unseen = held.Cancelled == JobCancellationReason.Revoked ? new(AttemptEnd.Cancelled)
            : delivery.IsExpired ? new(AttemptEnd.Expired)
            : known ? null
            : new(AttemptEnd.Malformed, new UnknownJobException(message.Name, jobs));
        if (unseen is { } ending)
        {
            var outcome = outcomes.Of(delivery, definition, ending, time.GetUtcNow())!;
            report.Ended(delivery, outcome, ending, TimeSpan.Zero, outcomes.MaxAttempts(delivery, definition));
            await settlements.AddAsync(outcome, stopped);
            return true;
        }

        if (delivery.IsOrphan)
        {
            if (!await RecordStartAheadAsync(held))
            {
                Drop(held);
                return true;
            }

            if (!leases.IsTrusted(held))
            {
                // Given back, the start that was written for nothing does not count as a death.
                report.Dropped(message);
                await leases.ReleaseStartedAsync(delivery.Token, report, stopped);
                return true;
            }

        }

        return await RunAsync(slot, held, new JobAttempt(
            delivery,
            definition!,
            outcomes.MaxAttempts(delivery, definition),
            serializer,
            scopes,
            settings,
            cancelInline: !ownThreads)
        {
            Completion = completion,
        });
    }

    private async ValueTask<bool> RunAsync(Slot slot, HeldLease held, JobAttempt attempt)
    {
        var delivery = held.Delivery;
        var message = delivery.Message;
        if (settings.LogLinesMax > 0)
        {
            JobAttempt.Current = attempt;
        }

        using var activity = StartActivity(delivery);
        attempt.StartedAt = time.GetUtcNow();
        attempt.StartedTimestamp = time.GetTimestamp();
        attempt.StartRecorded = delivery.IsOrphan;

        // Two clocks, each compared with itself only: the storage's until the claim, this process's from then on.
        var wait = delivery.ClaimedAt - delivery.ReadyAt
            + time.GetElapsedTime(held.ReceivedTimestamp, attempt.StartedTimestamp);
        WorkerMeasures.Started(message, wait);
        slot.Set(held, attempt);
        held.Run(attempt);

        var ending = IsApart(attempt)
            ? await _dedicated.RunAsync(() => runner.RunAsync(attempt))
            : await runner.RunAsync(attempt);

        if (!attempt.TryEnd())
        {
            // The worker gave up on it and has said how it ended.
            return false;
        }

        slot.Set(null, null);
        var duration = time.GetElapsedTime(attempt.StartedTimestamp);
        intake.JobTook(duration);
        await EndAsync(attempt, ending, duration, wait, activity);
        return true;
    }

    private async ValueTask EndAsync(
        JobAttempt attempt, AttemptEnding ending, TimeSpan duration, TimeSpan wait, Activity? activity)
    {
        var delivery = attempt.Delivery;
        var message = delivery.Message;
        TransactionFate? fate = null;
        if (attempt.Completed is { } completed)
        {
            fate = await completion.FateAsync(completed, fault => report.LoopFault("completion", fault), stopped);
            if (fate == TransactionFate.Committed && ending.End != AttemptEnd.Succeeded)
            {
                report.FailedAfterCommit(message, ending);
            }

            ending = TransactionalCompletion.EndingOf(fate.Value, ending);
        }

        WorkerMeasures.Ended(message, ending.End, ending.Error, duration, activity);
        if (fate == TransactionFate.Committed)
        {
            report.Ended(delivery, attempt.Completed!, ending, wait, attempt.MaxAttempts);
            leases.Remove(delivery.Token);
        }
        else if (fate == TransactionFate.Open)
        {
            report.TransactionOpen(message);
            leases.Remove(delivery.Token);
        }
        else if (outcomes.Of(attempt, ending, duration) is { } outcome)
        {
            report.Ended(delivery, outcome, ending, wait, attempt.MaxAttempts);
            await settlements.AddAsync(outcome, stopped);
        }
        else
        {
            report.Released(message, duration);
            await (delivery.IsOrphan
                ? leases.ReleaseStartedAsync(delivery.Token, report, stopped)
                : leases.ReleaseAsync([delivery.Token], report, stopped));
        }
    }

    private bool IsApart(JobAttempt attempt) =>
        ownThreads && attempt.Definition.Execution == JobExecution.DedicatedThread;

    private async ValueTask<bool> RecordStartAheadAsync(HeldLease held)
    {
        var start = new JobStart(held.Delivery.Token, held.Delivery.Message.Id, time.GetUtcNow(), Ahead: true);
        while (leases.IsTrusted(held))
        {
            try
            {
                return (await storage.Store.RecordStartsAsync([start], stopped))[0];
            }
            catch (StorageException error) when (error.IsTransient)
            {
                report.LoopFault("start", error);
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, stopped);
            }
        }

        return false;
    }

    private void Drop(HeldLease held)
    {
        report.Dropped(held.Delivery.Message);
        leases.Remove(held.Delivery.Token);
    }

    private static Activity? StartActivity(Delivery delivery)
    {
        if (!LovageTelemetry.Source.HasListeners())
        {
            return null;
        }

        var message = delivery.Message;
        ActivityContext.TryParse(
            message.Headers.GetValueOrDefault("traceparent"),
            message.Headers.GetValueOrDefault("tracestate"),
            isRemote: true,
            out var parent);
        return LovageTelemetry.Source.StartActivity($"process {message.Name}", ActivityKind.Consumer, parent)?
            .SetTag("messaging.operation.type", "process")
            .SetTag("messaging.operation.name", "run")
            .SetTag("messaging.destination.name", message.Queue)
            .SetTag("messaging.message.id", message.Id.Value)
            .SetTag("lovage.job.name", message.Name)
            .SetTag("lovage.job.attempt", message.Retries + 1);
    }
}
