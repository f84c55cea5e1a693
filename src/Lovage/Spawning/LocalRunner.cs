using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Lovage.Diagnostics;
using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Spawning;

/// <summary>
/// Runs the tasks that live in this process, on the thread pool and away from their callers' flow, and knows them all: it refuses what is over a bound before it is
/// accepted, and at the app's stop it waits for what was accepted and names what it had to leave.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class LocalRunner(LocalSettings settings, TimeProvider time, Random random, LocalReport report) : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<LocalEntry, LocalEntry> _entries = new(ReferenceEqualityComparer.Instance);
    private readonly ConcurrentQueue<AfterResponseTasks> _requests = new();
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
        [.. _entries.Keys.OrderBy(static entry => entry.AcceptedTimestamp).Select(entry => new RunningTask(entry.Kind, entry.Name, entry.Attempt > 0, time.GetElapsedTime(entry.AcceptedTimestamp), Math.Max(1, entry.Attempt)))];

    /// <summary>What runs now and has no thread of its own.</summary>
    internal IEnumerable<RunningHandler> OnPool() => _entries.Select(pair => pair.Key.OnPool(time)).OfType<RunningHandler>();

    /// <summary>Takes a task in, before it is run; <see cref="Leave"/> ends it.</summary>
    /// <exception cref="QueueFullException">Too many of its kind are unfinished.</exception>
    /// <exception cref="AppStoppingException">The app is stopping.</exception>
    internal LocalEntry Accept(TaskKind kind, string name)
    {
        ref var count = ref _counts[(int)kind];
        var (max, option) = settings.Bound(kind);
        if (Interlocked.Increment(ref count) > max)
        {
            Interlocked.Decrement(ref count);
            LocalReport.Refused(kind, "full");
            throw new QueueFullException(LocalReport.Word(kind), $"{max:N0} tasks of this process have not ended, and no more may ({option}).", RetryAfter);
        }

        // The stop sets its mark and counts then; here it is the other way round, so that one of the two sees the other.
        if (Volatile.Read(ref _isStopping))
        {
            Interlocked.Decrement(ref count);
            LocalReport.Refused(kind, "shutdown");
            throw new AppStoppingException(name);
        }

        var entry = new LocalEntry(kind, name, time.GetTimestamp());
        _entries.TryAdd(entry, entry);
        LocalReport.Accepted(entry);
        return entry;
    }

    /// <summary>A task has ended, however.</summary>
    internal void Leave(LocalEntry entry)
    {
        if (!_entries.TryRemove(entry, out _))
        {
            return;
        }

        LocalReport.Left(entry);
        Interlocked.Decrement(ref _counts[(int)entry.Kind]);
        if (Volatile.Read(ref _watchers) > 0)
        {
            _ended.Pulse();
        }
    }

    /// <summary>Runs the tasks of a request one after the other. Returns at once: the connection serves its next request meanwhile.</summary>
    internal void Run(AfterResponseTasks request)
    {
        _requests.Enqueue(request);
        if (TryTakePlace())
        {
            ThreadPool.UnsafeQueueUserWorkItem(static runner => _ = runner.RunRequestsAsync(), this, preferLocal: false);
        }
    }

    /// <summary>Ends tasks that will not run because their request failed.</summary>
    internal void Drop(IEnumerable<(LocalEntry Entry, LocalCall Call)> tasks, string reason)
    {
        var entries = tasks.Select(static task => task.Entry).ToList();
        entries.ForEach(Leave);
        report.Dropped(entries, reason);
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

    /// <summary>Runs a call, with its retries, in the flow of the one who waits for it; a failure for good is theirs to report.</summary>
    internal async Task<TResult> RunInlineAsync<TResult>(LocalCall<TResult> call, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan delay;
            try
            {
                await call.InvokeAsync(attempt, cancellationToken);
                return call.Result!;
            }
            catch (Exception error) when (attempt < call.MaxAttempts && !cancellationToken.IsCancellationRequested && MayRetry(call.Retry, error))
            {
                delay = RetryDelay(call.Retry!, attempt, error);
            }

            await Task.Delay(delay, time, cancellationToken);
        }
    }

    /// <summary>A part of a gathering has failed.</summary>
    internal void GatherFailed(LocalEntry gathering, Exception error) => report.Failed(gathering, error, time.GetElapsedTime(gathering.AcceptedTimestamp));

    /// <summary>Waits until nothing is unfinished.</summary>
    internal async Task WhenIdleAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _watchers);
        try
        {
            while (true)
            {
                var seen = _ended.Version;
                if (Count == 0)
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

    /// <summary>Accepts no more, waits for what there is, then cancels it and waits a little longer, then names what is left.</summary>
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
        await WaitAsync(settings.DrainTime, forced);
        if (_entries.Keys is { Count: > 0 } late)
        {
            report.Cancelling([.. late]);
            await _stopped.CancelAsync();
            foreach (var entry in _entries.Keys)
            {
                entry.Task?.Cancel();
            }

            await WaitAsync(settings.CancelTime, forced);
        }

        if (_entries.Keys is { Count: > 0 } left)
        {
            report.LeftBehind([.. left]);
        }
    }

    public void Dispose() => _stopped.Dispose();

    private async Task WaitAsync(TimeSpan limit, CancellationToken forced)
    {
        using var up = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(up.Token, forced);
        await WhenIdleAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
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

    /// <summary>Runs requests' tasks until there are none: a place for one that was added while the last place ended is taken again.</summary>
    private async Task RunRequestsAsync()
    {
        do
        {
            while (_requests.TryDequeue(out var request))
            {
                foreach (var (entry, call) in request.Take())
                {
                    await RunAfterResponseAsync(entry, call, request.Trace);
                }
            }

            Interlocked.Decrement(ref _requestsRunning);
        }
        while (!_requests.IsEmpty && TryTakePlace());
    }

    [SuppressMessage("Design", "CA1031", Justification = "One failing task must not stop the next: whatever it throws is reported.")]
    private async ValueTask RunAfterResponseAsync(LocalEntry entry, LocalCall call, ActivityContext trace)
    {
        if (_stopped.IsCancellationRequested)
        {
            // Left in the list: the stop names it.
            return;
        }

        entry.Attempt = 1;
        var started = time.GetTimestamp();
        using var activity = StartActivity(entry, trace);
        try
        {
            await entry.CallAsync(call, 1, started, _stopped.Token);
            report.Succeeded(entry, time.GetElapsedTime(started));
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            report.Cancelled(entry, time.GetElapsedTime(started));
        }
        catch (Exception error)
        {
            Note(activity, error);
            report.Failed(entry, error, time.GetElapsedTime(started));
        }

        Leave(entry);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a task throws is its outcome.")]
    private async Task RunSpawnedAsync(SpawnedTask task, LocalCall call, TimeSpan delay, ActivityContext trace)
    {
        var entry = task.Entry;
        var token = task.Token;
        for (var attempt = 1; await TryWaitAsync(delay, token); attempt++)
        {
            entry.Attempt = attempt;
            task.Move(SpawnedTaskState.Running);
            var started = time.GetTimestamp();
            using var activity = StartActivity(entry, trace);
            try
            {
                await entry.CallAsync(call, attempt, started, token);
                report.Succeeded(entry, time.GetElapsedTime(started));
                Leave(entry);
                task.Succeed(call);
                return;
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error)
            {
                Note(activity, error);
                if (attempt >= call.MaxAttempts || !MayRetry(call.Retry, error))
                {
                    report.Failed(entry, error, time.GetElapsedTime(started));
                    Leave(entry);
                    task.Fail(error);
                    return;
                }

                delay = RetryDelay(call.Retry, attempt, error);
                report.Retried(entry, error, time.GetElapsedTime(started), call.MaxAttempts, delay);
                task.Move(SpawnedTaskState.Waiting);
            }
        }

        report.Cancelled(entry, time.GetElapsedTime(entry.AcceptedTimestamp));
        Leave(entry);
        task.EndCancelled();
    }

    /// <returns>False when it was cancelled meanwhile.</returns>
    private async ValueTask<bool> TryWaitAsync(TimeSpan delay, CancellationToken token)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        return !token.IsCancellationRequested;
    }

    private static bool MayRetry([NotNullWhen(true)] RetryPolicy? policy, Exception error) =>
        policy is not null && error is not BadArgumentsException and not RejectException && (error is RetryException || policy.Allows(error));

    private TimeSpan RetryDelay(RetryPolicy policy, int retry, Exception error)
    {
        if (error is RetryException asked)
        {
            return asked.Delay;
        }

        lock (_randomLock)
        {
            return policy.DelayBefore(retry, random);
        }
    }

    private static Activity? StartActivity(LocalEntry entry, ActivityContext parent)
    {
        if (!LovageTelemetry.Source.HasListeners())
        {
            return null;
        }

        return LovageTelemetry.Source.StartActivity($"run {entry.Name}", ActivityKind.Internal, parent)?
            .SetTag("lovage.task.kind", LocalReport.Word(entry.Kind))
            .SetTag("lovage.task.name", entry.Name)
            .SetTag("lovage.task.attempt", entry.Attempt);
    }

    private static void Note(Activity? activity, Exception error) =>
        activity?.SetTag("error.type", error.GetType().FullName).SetStatus(ActivityStatusCode.Error);
}
