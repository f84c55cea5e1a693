using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Lovage.Execution;

/// <summary>
/// Threads of the worker's own for handlers that compute or block, so that they take none from the pool that serves requests. There are as many threads as there
/// ever was work at a time, up to the bound.
/// </summary>
[SuppressMessage("Usage", "CA2213", Justification = "The collection ends its threads by CompleteAdding; disposed under them it would throw there.")]
internal sealed class DedicatedThreads(string name, int max) : IDisposable
{
    private readonly BlockingCollection<Work> _work = [];
    private readonly Lock _lock = new();
    private int _threadsMax = max;
    private int _threads;
    private int _load;

    /// <summary>Runs on one of the threads; what the function awaits goes on elsewhere.</summary>
    internal Task<AttemptEnding> RunAsync(JobRunner runner, JobAttempt attempt)
    {
        var work = new Work(runner, attempt, ExecutionContext.Capture());
        lock (_lock)
        {
            // What is queued counts too: a thread that looks idle may be about to take what came before.
            if (++_load > _threads && _threads < _threadsMax)
            {
                _threads++;
                new Thread(Loop) { IsBackground = true, Name = $"lovage-{name}-{_threads}" }.Start();
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
            _threadsMax++;
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

            // Before anybody hears of the end and brings the next: this thread takes that.
            lock (_lock)
            {
                _load--;
            }

            work.Ended.SetResult(work.Ending);
        }
    }

    private sealed class Work(JobRunner runner, JobAttempt attempt, ExecutionContext? context)
    {
        internal ExecutionContext? Context { get; } = context;

        internal AttemptEnding Ending { get; private set; }

        internal TaskCompletionSource<AttemptEnding> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal void Run()
        {
            // The runner never throws; waiting here keeps the thread bound to its one handler.
            Ending = runner.RunAsync(attempt).AsTask().GetAwaiter().GetResult();
        }
    }
}
