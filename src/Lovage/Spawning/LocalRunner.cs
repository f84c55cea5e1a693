using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics;
using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Spawning;

/// <summary>
/// Runs the tasks that live in this process, on the thread pool and away from their callers' flow, and knows them all:
/// it refuses what is over a bound before it is accepted, and at the app's stop it waits for what was accepted and
/// names what it had to leave.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class LocalRunner : IThreadPoolWorkItem
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly LocalSettings _settings;
    private readonly TimeProvider _time;
    private readonly LocalReport _report;
    private readonly LocalTryServices _tries;
    private readonly JobExecutor _executor;
    private readonly LocalClock _clock;
    private readonly LocalEntries _entries = new();
    private readonly ConcurrentQueue<AfterResponseTasks> _requests = new();
    private readonly ConcurrentQueue<LocalEntry> _neverRun = new();
    private readonly LocalCounts _counts;
    private readonly LocalStop _stop;
    private int _requestsRunning;
    private long _refused;

    /// <summary>Makes it; the app has one.</summary>
    public LocalRunner(
        LocalSettings settings, TimeProvider time, Random random, LocalReport report,
        AttemptListeners<LocalTry> listeners)
    {
        _settings = settings;
        _time = time;
        _report = report;
        _tries = new LocalTryServices(listeners, new RetryRule(random), time);
        _executor = new JobExecutor(time);
        _clock = new LocalClock(time);
        _counts = new LocalCounts(time);
        _stop = new LocalStop(settings, _clock, _entries, _counts, report);
    }

    /// <summary>Tasks that have not ended.</summary>
    internal int Count => _counts.All;

    /// <summary>Tasks that were refused so far.</summary>
    internal long Refused => Volatile.Read(ref _refused);

    /// <summary>Cancelled when the stop no longer waits for what code spawned.</summary>
    internal CancellationToken Stopped => _stop.Spawned;

    /// <summary>What has not ended now, oldest first.</summary>
    internal IReadOnlyList<RunningTask> List() =>
        [.. _entries.List().Select(entry => new RunningTask(
            entry.Kind,
            entry.Name,
            entry.Attempt > 0,
            _time.GetElapsedTime(entry.AcceptedTimestamp),
            Math.Max(1, entry.Attempt)))];

    /// <summary>What runs now and has no thread of its own.</summary>
    internal IEnumerable<RunningHandler> OnPool() =>
        _entries.List().Select(entry => entry.OnPool(_time)).OfType<RunningHandler>();

    /// <summary>Takes a task in, before it is run; <see cref="Leave"/> ends it.</summary>
    /// <exception cref="QueueFullException">Too many of its kind are unfinished.</exception>
    /// <exception cref="AppStoppingException">The app is stopping.</exception>
    internal LocalEntry Accept(TaskKind kind, string name)
    {
        var (max, option) = _settings.Bound(kind);
        if (_counts.Take(kind) > max)
        {
            _counts.Free(kind);
            Interlocked.Increment(ref _refused);
            LocalReport.Refused(kind, "full");
            throw new QueueFullException(
                TaskWords.Of(kind),
                $"{max:N0} tasks of this process have not ended, and no more may ({option}).",
                RetryAfter);
        }

        // The stop sets its mark and counts then; here it is the other way round, so that one of the two sees the
        // other.
        if (_stop.Refuses(kind))
        {
            _counts.Free(kind);
            Interlocked.Increment(ref _refused);
            LocalReport.Refused(kind, "shutdown");
            throw new AppStoppingException(name);
        }

        var entry = new LocalEntry(kind, name, _time.GetTimestamp());
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
        _counts.Free(entry.Kind);
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
    /// <param name="first">Leads to the others.</param>
    /// <param name="reason">Why.</param>
    internal void Drop(LocalEntry first, string reason)
    {
        var entries = new List<LocalEntry>();
        for (var entry = first; entry is not null; entry = entry.NextOfRequest)
        {
            entries.Add(entry);
        }

        _report.Dropped(entries, reason);
        entries.ForEach(Leave);
    }

    /// <summary>Starts a task beside its caller.</summary>
    internal void Run(SpawnedTask task, LocalCall call, TimeSpan delay)
    {
        ThreadPool.UnsafeQueueUserWorkItem(
            static work => _ = work.Runner.RunSpawnedAsync(work.Task, work.Call, work.Delay, work.Parent),
            (Runner: this, Task: task, Call: call, Delay: delay, Parent: Activity.Current),
            preferLocal: false);
    }

    /// <summary>
    /// Runs a part of a gathering, which takes no place of its own, in the flow of its caller, with its delay and its
    /// retries.
    /// </summary>
    /// <param name="item">The item.</param>
    /// <param name="work">What is done for it; a fault of preparing that is the fault of the part.</param>
    /// <param name="cancellationToken">Ends waits, and cancels the token of the call.</param>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever goes wrong around a part is its outcome.")]
    internal async Task<TaskOutcome<TResult>> RunPartAsync<TItem, TResult>(
        TItem item, GatheredWork<TItem, TResult> work, CancellationToken cancellationToken)
    {
        var one = new LocalTry(_tries, cancellationToken) { IsPart = true }.Of(Part(work.Name), LocalCall.None, 1);
        try
        {
            var entry = Part(work.NameOf(item));
            one.Of(entry, LocalCall.None, 1);
            var (call, delay) = (work.Call(item), work.Delay(item));
            for (var number = 1; ; number++)
            {
                await _clock.WaitOutAsync(delay, cancellationToken);
                if (!work.StartsAlways)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }

                await _executor.RunAsync(one.Of(entry, call, number));
                if (one.Decision == JobDecision.Succeed)
                {
                    return new TaskOutcome<TResult>(call.Result, null);
                }

                if (one.Decision != JobDecision.Retry)
                {
                    return new TaskOutcome<TResult>(default, one.Ending.Error);
                }

                delay = one.RetryDelay;
            }
        }
        catch (OperationCanceledException cancelled) when (cancellationToken.IsCancellationRequested)
        {
            return new TaskOutcome<TResult>(default, cancelled);
        }
        catch (Exception fault)
        {
            one.Fail(fault);
            return new TaskOutcome<TResult>(default, fault);
        }

        LocalEntry Part(string name) => new(TaskKind.Spawned, name, _time.GetTimestamp()) { Attempt = 1 };
    }

    /// <summary>Waits until nothing is unfinished.</summary>
    internal Task WhenIdleAsync(CancellationToken cancellationToken) =>
        _counts.WhenAsync(() => Count == 0, cancellationToken);

    /// <summary>The app begins to stop: from now on the time counts that spawned tasks have left.</summary>
    /// <param name="forced">Cancelled to skip that _time.</param>
    internal void BeginStop(CancellationToken forced) => _stop.Begin(forced);

    /// <summary>
    /// Accepts no more, waits for what there is, then cancels it and waits a little longer, then names what is left.
    /// </summary>
    /// <param name="forced">Cancelled to skip the first wait.</param>
    internal async Task StopAsync(CancellationToken forced)
    {
        await _stop.EndAsync(forced);
        if (_neverRun.Concat(_entries.List()).ToList() is { Count: > 0 } left)
        {
            _report.LeftBehind(left);
        }
    }

    private bool TryTakePlace()
    {
        for (var running = Volatile.Read(ref _requestsRunning); running < _settings.AfterResponseConcurrency;)
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
                var asked = _stop.Requests;
                var one = new LocalTry(_tries, asked) { Parent = request.Activity };
                for (var entry = request.First; entry is not null; entry = entry.NextOfRequest)
                {
                    await RunAfterResponseAsync(one.Of(entry, entry.Call!, 1), asked);
                }
            }

            Interlocked.Decrement(ref _requestsRunning);
        }
        while (!_requests.IsEmpty && TryTakePlace());
    }

    private async ValueTask RunAfterResponseAsync(LocalTry one, CancellationToken asked)
    {
        if (asked.IsCancellationRequested)
        {
            // The stop names it.
            _neverRun.Enqueue(one.Entry);
        }
        else
        {
            await _executor.RunAsync(one);
        }

        Leave(one.Entry);
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "Whatever goes wrong around a task, a retry policy that throws included, is its outcome: "
            + "no other code would end it.")]
    private async Task RunSpawnedAsync(SpawnedTask task, LocalCall call, TimeSpan delay, Activity? parent)
    {
        var entry = task.Entry;
        var one = new LocalTry(_tries, task.Token) { Parent = parent }.Of(entry, call, 1);
        if (Stopped.IsCancellationRequested)
        {
            // Accepted just before the stop, whose look at the list may have missed it.
            task.Cancel();
        }

        try
        {
            // The delay counts from the acceptance, not from the moment at which a busy pool comes to it.
            var until = delay > TimeSpan.Zero ? _clock.After(entry.AcceptedTimestamp, delay) : 0;
            for (var number = 1; await TryWaitAsync(entry, until, task.Token); number++)
            {
                task.Move(SpawnedTaskState.Running);
                await _executor.RunAsync(one.Of(entry, call, number));
                if (one.Decision != JobDecision.Retry)
                {
                    End(task, call, State(one.Decision), one.Ending.Error);
                    return;
                }

                until = one.RetryDelay > TimeSpan.Zero ? _clock.Ahead(one.RetryDelay) : 0;
                task.Move(SpawnedTaskState.Waiting);
            }

            one.CancelUnstarted();
            End(task, call, SpawnedTaskState.Cancelled);
        }
        catch (Exception fault)
        {
            one.Fail(fault);
            End(task, call, SpawnedTaskState.Failed, fault);
        }
    }

    private static SpawnedTaskState State(JobDecision decision) => decision switch
    {
        JobDecision.Succeed => SpawnedTaskState.Succeeded,
        JobDecision.Cancel => SpawnedTaskState.Cancelled,
        _ => SpawnedTaskState.Failed,
    };

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

    /// <returns>False when it was cancelled meanwhile.</returns>
    private async ValueTask<bool> TryWaitAsync(LocalEntry entry, long until, CancellationToken token)
    {
        if (until != 0)
        {
            // A stop that began does not wait for what waits longer than it can.
            entry.WaitsUntil = until;
            _counts.Wake();
            await _clock.WaitUntilAsync(until, token);
            entry.WaitsUntil = 0;
        }

        return !token.IsCancellationRequested;
    }
}
