using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Lovage.Execution;

/// <summary>
/// Threads of the worker's own for handlers that compute or block, so that they take none from the pool that serves requests. A thread is started when work finds none idle,
/// up to the bound, and kept.
/// </summary>
[SuppressMessage("Usage", "CA2213", Justification = "The collection ends its threads by CompleteAdding; disposed under them it would throw there.")]
internal sealed class DedicatedThreads(string name, int max) : IDisposable
{
    private readonly BlockingCollection<Work> _work = [];
    private readonly Lock _lock = new();
    private int _threads;
    private int _idle;
    private int _queued;

    /// <summary>Runs on one of the threads; what the function awaits goes on elsewhere.</summary>
    internal Task<AttemptEnding> RunAsync(JobRunner runner, JobAttempt attempt)
    {
        var work = new Work(runner, attempt, ExecutionContext.Capture());
        lock (_lock)
        {
            // The work takes its thread here, not when the thread comes to it: two at once must not count on the same one.
            if (_idle > 0)
            {
                _idle--;
            }
            else if (_threads < max)
            {
                _threads++;
                new Thread(Loop) { IsBackground = true, Name = $"lovage-{name}-{_threads}" }.Start();
            }
            else
            {
                _queued++;
            }
        }

        _work.Add(work);
        return work.Ended.Task;
    }

    /// <summary>One more thread may be started: one of them is lost to a handler that does not return.</summary>
    internal void Replace()
    {
        lock (_lock)
        {
            _threads--;
        }
    }

    /// <summary>Lets idle threads end; busy ones end after their work.</summary>
    public void Dispose() => _work.CompleteAdding();

    private void Loop()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            if (work.Context is { } context)
            {
                ExecutionContext.Run(context, static state => ((Work)state!).Run(), work);
            }
            else
            {
                work.Run();
            }

            lock (_lock)
            {
                if (_queued > 0)
                {
                    _queued--;
                }
                else
                {
                    _idle++;
                }
            }
        }
    }

    private sealed class Work(JobRunner runner, JobAttempt attempt, ExecutionContext? context)
    {
        internal ExecutionContext? Context { get; } = context;

        internal TaskCompletionSource<AttemptEnding> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal void Run()
        {
            // The runner never throws; waiting here keeps the thread bound to its one handler.
            Ended.SetResult(runner.RunAsync(attempt).AsTask().GetAwaiter().GetResult());
        }
    }
}
