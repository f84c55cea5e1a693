using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Spawning;

/// <summary>
/// Runs the tasks that live in this process, on the thread pool and away from their callers' flow, and knows them all:
/// it refuses what is over a bound before it is accepted, and at the app's stop it waits for what was accepted and
/// names what it had to leave.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "What outlives the app still looks at the token, and a source without a timer holds nothing.")]
internal sealed partial class LocalRunner(LocalSettings settings, TimeProvider time, Random random, LocalReport report)
    : IThreadPoolWorkItem
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly LocalEntries _entries = new();
    private readonly ConcurrentQueue<AfterResponseTasks> _requests = new();
    private readonly ConcurrentQueue<LocalEntry> _neverRun = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _randomLock = new();
    private readonly WakeUp _ended = new();
    private readonly int[] _counts = new int[3];
    private int _requestsRunning;
    private int _watchers;
    private bool _isStopping;

    /// <summary>Tasks that have not ended.</summary>
    internal int Count => Volatile.Read(ref _counts[0]) + Volatile.Read(ref _counts[1]) + Volatile.Read(ref _counts[2]);

    /// <summary>Cancelled when the stop no longer waits.</summary>
    internal CancellationToken Stopped => _stopped.Token;

    /// <summary>What has not ended now, oldest first.</summary>
    internal IReadOnlyList<RunningTask> List() =>
        [.. _entries.List().Select(entry => new RunningTask(
            entry.Kind,
            entry.Name,
            entry.Attempt > 0,
            time.GetElapsedTime(entry.AcceptedTimestamp),
            Math.Max(1, entry.Attempt)))];

    /// <summary>What runs now and has no thread of its own.</summary>
    internal IEnumerable<RunningHandler> OnPool() =>
        _entries.List().Select(entry => entry.OnPool(time)).OfType<RunningHandler>();

    /// <summary>Takes a task in, before it is run; <see cref="Leave"/> ends it.</summary>
    /// <exception cref="QueueFullException">Too many of its kind are unfinished.</exception>
    /// <exception cref="AppStoppingException">The app is stopping.</exception>
    internal LocalEntry Accept(TaskKind kind, string name)
    {
        ref var count = ref _counts[(int)kind];
        var (max, option) = settings.Bound(kind);
        if (Interlocked.Increment(ref count) > max)
        {
            Free(kind);
            LocalReport.Refused(kind, "full");
            throw new QueueFullException(
                LocalReport.Word(kind),
                $"{max:N0} tasks of this process have not ended, and no more may ({option}).",
                RetryAfter);
        }

        // The stop sets its mark and counts then; here it is the other way round, so that one of the two sees the
        // other.
        if (Volatile.Read(ref _isStopping))
        {
            Free(kind);
            LocalReport.Refused(kind, "shutdown");
            throw new AppStoppingException(name);
        }

        var entry = new LocalEntry(kind, name, time.GetTimestamp());
        _entries.Add(entry);
        LocalReport.Accepted(entry);
        return entry;
    }

    /// <summary>A task has ended, however.</summary>
    internal void Leave(LocalEntry entry)
    {
        if (!_entries.TryRemove(entry))
        {
            return;
        }

        LocalReport.Left(entry);
        Free(entry.Kind);
    }

    /// <summary>
    /// Runs the tasks of a request one after the other. Returns at once: the connection serves its next request
    /// meanwhile.
    /// </summary>
    internal void Run(AfterResponseTasks request)
    {
        _requests.Enqueue(request);
        if (TryTakePlace())
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        }
    }

    /// <summary>
    /// On the pool: a place for requests' tasks. The runner itself is the item, so that a request costs no object for
    /// it.
    /// </summary>
    void IThreadPoolWorkItem.Execute() => _ = RunRequestsAsync();

    /// <summary>Ends tasks that will not run because their request failed.</summary>
    internal void Drop(AfterResponseTasks request, string reason)
    {
        var entries = new List<LocalEntry>();
        for (var entry = request.First; entry is not null; entry = entry.NextOfRequest)
        {
            entries.Add(entry);
        }

        report.Dropped(entries, reason);
        entries.ForEach(Leave);
    }

    /// <summary>Starts a task beside its caller.</summary>
    internal void Run(SpawnedTask task, LocalCall call, TimeSpan delay)
    {
        var trace = Activity.Current?.Context ?? default;
        ThreadPool.UnsafeQueueUserWorkItem(
            static work => _ = work.Runner.RunSpawnedAsync(work.Task, work.Call, work.Delay, work.Trace),
            (Runner: this, Task: task, Call: call, Delay: delay, Trace: trace),
            preferLocal: false);
    }

    /// <summary>A part of a gathering, which takes no place of its own.</summary>
    internal LocalEntry Part(string name) => new(TaskKind.Spawned, name, time.GetTimestamp()) { Attempt = 1 };

    /// <summary>
    /// Runs a call, with its delay and its retries, in the flow of the one who waits for it; its end is theirs to
    /// report.
    /// </summary>
    internal async Task<TResult> RunInlineAsync<TResult>(
        LocalEntry part, LocalCall<TResult> call, TimeSpan delay, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await WaitOutAsync(delay, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            part.Attempt = attempt;
            var started = time.GetTimestamp();
            try
            {
                await call.InvokeAsync(attempt, cancellationToken);
                return call.Result!;
            }
            catch (Exception error) when (attempt < call.MaxAttempts
                && !cancellationToken.IsCancellationRequested
                && MayRetry(call.Retry, error))
            {
                delay = RetryDelay(call.Retry!, attempt, error);
                report.Retried(part, error, time.GetElapsedTime(started), call.MaxAttempts, delay);
            }
        }
    }

    /// <summary>A part of a gathering has ended well.</summary>
    internal void PartSucceeded(LocalEntry part) => report.Succeeded(part, time.GetElapsedTime(part.AcceptedTimestamp));

    /// <summary>A part of a gathering has failed.</summary>
    internal void PartFailed(LocalEntry part, Exception error) =>
        report.Failed(part, error, time.GetElapsedTime(part.AcceptedTimestamp));

    /// <summary>Waits until nothing is unfinished.</summary>
    internal Task WhenIdleAsync(CancellationToken cancellationToken) => WhenAsync(() => Count == 0, cancellationToken);

    /// <summary>
    /// Accepts no more, waits for what there is, then cancels it and waits a little longer, then names what is left.
    /// </summary>
    /// <param name="forced">Cancelled to skip the waits.</param>
    internal async Task StopAsync(CancellationToken forced)
    {
        Volatile.Write(ref _isStopping, true);
        Interlocked.MemoryBarrier();
        if (Count == 0)
        {
            return;
        }

        report.Draining(Count);
        var until = Ahead(settings.DrainTime);
        await WaitAsync(() => !MayEndBy(until), settings.DrainTime, forced);
        if (Count > 0)
        {
            if (_entries.List() is { Count: > 0 } late)
            {
                report.Cancelling(late);
            }

            Cancel(_stopped);
            foreach (var entry in _entries.List())
            {
                entry.Task?.Cancel();
            }

            await WaitAsync(() => Count == 0, settings.CancelTime, forced);
        }

        if (_neverRun.Concat(_entries.List()).ToList() is { Count: > 0 } left)
        {
            report.LeftBehind(left);
        }
    }

    /// <summary>
    /// Cancels without waiting: callbacks on the token are the tasks' own code and must not run in, throw into or hold
    /// up the caller.
    /// </summary>
    internal static void Cancel(CancellationTokenSource source) =>
        source.CancelAsync().ContinueWith(
            static task => _ = task.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);

    /// <summary>
    /// False once nothing is left but tasks whose wait goes on beyond that timestamp. One that is counted and not
    /// listed yet was accepted this moment.
    /// </summary>
    private bool MayEndBy(long timestamp) =>
        _entries.List() is var listed && (listed.Any(entry => entry.WaitsUntil <= timestamp) || Count > listed.Count);

    private async Task WaitAsync(Func<bool> isOver, TimeSpan limit, CancellationToken forced)
    {
        using var up = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(up.Token, forced);
        await WhenAsync(isOver, either.Token).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>Waits for something that comes about by ends, or by waits that begin.</summary>
    private async Task WhenAsync(Func<bool> isSo, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _watchers);
        try
        {
            while (true)
            {
                var seen = _ended.Version;
                if (isSo())
                {
                    return;
                }

                await _ended.WaitAsync(seen).WaitAsync(cancellationToken);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _watchers);
        }
    }

    /// <summary>
    /// Gives a place back. Who was refused took one for a moment, in which others may have counted it: they are woken
    /// too.
    /// </summary>
    private void Free(TaskKind kind)
    {
        Interlocked.Decrement(ref _counts[(int)kind]);
        WakeWatchers();
    }

    private void WakeWatchers()
    {
        if (Volatile.Read(ref _watchers) > 0)
        {
            _ended.Pulse();
        }
    }

    private bool TryTakePlace()
    {
        for (var running = Volatile.Read(ref _requestsRunning); running < settings.AfterResponseConcurrency;)
        {
            var seen = Interlocked.CompareExchange(ref _requestsRunning, running + 1, running);
            if (seen == running)
            {
                return true;
            }

            running = seen;
        }

        return false;
    }

    /// <summary>
    /// Runs requests' tasks until there are none: a place for one that was added while the last place ended is taken
    /// again.
    /// </summary>
    private async Task RunRequestsAsync()
    {
        do
        {
            while (_requests.TryDequeue(out var request))
            {
                for (var entry = request.First; entry is not null; entry = entry.NextOfRequest)
                {
                    await RunAfterResponseAsync(entry, entry.Call!, request.Trace);
                }
            }

            Interlocked.Decrement(ref _requestsRunning);
        }
        while (!_requests.IsEmpty && TryTakePlace());
    }

    private async ValueTask RunAfterResponseAsync(LocalEntry entry, LocalCall call, ActivityContext trace)
    {
        if (_stopped.IsCancellationRequested)
        {
            // The stop names it.
            _neverRun.Enqueue(entry);
            Leave(entry);
            return;
        }

        var started = time.GetTimestamp();
        var error = await TryAsync(entry, call, 1, started, trace, Stopped);
        var duration = time.GetElapsedTime(started);
        if (error is null)
        {
            report.Succeeded(entry, duration);
        }
        else if (error is OperationCanceledException && _stopped.IsCancellationRequested)
        {
            report.Cancelled(entry, duration);
        }
        else
        {
            report.Failed(entry, error, duration);
        }

        Leave(entry);
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "Whatever goes wrong around a task, a retry policy that throws included, is its outcome: "
            + "nobody else would end it.")]
    private async Task RunSpawnedAsync(SpawnedTask task, LocalCall call, TimeSpan delay, ActivityContext trace)
    {
        var entry = task.Entry;
        var started = entry.AcceptedTimestamp;
        if (_stopped.IsCancellationRequested)
        {
            // Accepted just before the stop, whose look at the list may have missed it.
            task.Cancel();
        }

        try
        {
            // The delay counts from the acceptance, not from the moment at which a busy pool comes to it.
            delay = delay > TimeSpan.Zero ? delay - time.GetElapsedTime(entry.AcceptedTimestamp) : delay;
            for (var attempt = 1; await TryWaitAsync(entry, delay, task.Token); attempt++)
            {
                task.Move(SpawnedTaskState.Running);
                started = time.GetTimestamp();
                var error = await TryAsync(entry, call, attempt, started, trace, task.Token);
                if (error is null)
                {
                    report.Succeeded(entry, time.GetElapsedTime(started));
                    End(task, call, SpawnedTaskState.Succeeded);
                    return;
                }

                if (error is OperationCanceledException && task.Token.IsCancellationRequested)
                {
                    break;
                }

                if (attempt >= call.MaxAttempts || !MayRetry(call.Retry, error))
                {
                    report.Failed(entry, error, time.GetElapsedTime(started));
                    End(task, call, SpawnedTaskState.Failed, error);
                    return;
                }

                delay = RetryDelay(call.Retry, attempt, error);
                report.Retried(entry, error, time.GetElapsedTime(started), call.MaxAttempts, delay);
                task.Move(SpawnedTaskState.Waiting);
            }

            report.Cancelled(entry, time.GetElapsedTime(entry.AcceptedTimestamp));
            End(task, call, SpawnedTaskState.Cancelled);
        }
        catch (Exception fault)
        {
            report.Failed(entry, fault, time.GetElapsedTime(started));
            End(task, call, SpawnedTaskState.Failed, fault);
        }
    }

    /// <summary>
    /// The state first, for those who wait until nothing is unfinished; then the place, for those who await the task;
    /// then the task.
    /// </summary>
    private void End(SpawnedTask task, LocalCall call, SpawnedTaskState state, Exception? error = null)
    {
        task.End(state, error);
        Leave(task.Entry);
        task.Complete(call);
    }
}
