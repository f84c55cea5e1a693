using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Lovage.Execution;

/// <summary>
/// Threads for handlers and calls that compute or block, so that they take none from the pool that serves requests. A
/// thread is started when work finds none idle, up to the bound, and kept.
/// </summary>
[SuppressMessage(
    "Usage",
    "CA2213",
    Justification = "The collection ends its threads by CompleteAdding; disposed under them it would throw there.")]
internal sealed class DedicatedThreads(string name, int max) : IDisposable
{
    private readonly BlockingCollection<Work> _work = [];
    private readonly Lock _lock = new();
    private int _max = max;
    private int _threads;
    private int _idle;
    private int _queued;

    /// <summary>Runs on one of the threads, which it keeps until the end; what it awaits goes on elsewhere.</summary>
    /// <param name="run">A failure is the failure of the task.</param>
    internal Task<T> RunAsync<T>(Func<ValueTask<T>> run)
    {
        var work = new Work<T>(run);
        lock (_lock)
        {
            // The work takes its thread here, not when the thread comes to it: two at once must not count on the same
            // one.
            if (_idle > 0)
            {
                _idle--;
            }
            else if (_threads < _max)
            {
                StartThread();
            }
            else
            {
                _queued++;
            }
        }

        _work.Add(work);
        return work.Ended;
    }

    /// <summary>Sets another bound. Threads over it stay, and find no work.</summary>
    internal void Resize(int bound)
    {
        lock (_lock)
        {
            for (_max = bound; _queued > 0 && _threads < _max; _queued--)
            {
                StartThread();
            }
        }
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

    private void StartThread()
    {
        _threads++;
        new Thread(Loop) { IsBackground = true, Name = $"lovage-{name}-{_threads}" }.UnsafeStart();
    }

    private void Loop()
    {
        // Work whose caller let nothing flow gets a context without anything in it: what one work sets (a culture, an
        // AsyncLocal, a priority) must not be there for the next.
        var empty = ExecutionContext.Capture()!;
        foreach (var work in _work.GetConsumingEnumerable())
        {
            ExecutionContext.Run(work.Context ?? empty, static state => ((Work)state!).Run(), work);
            if (Thread.CurrentThread.Priority != ThreadPriority.Normal)
            {
                Thread.CurrentThread.Priority = ThreadPriority.Normal;
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

    private abstract class Work
    {
        internal ExecutionContext? Context { get; } = ExecutionContext.Capture();

        internal abstract void Run();
    }

    private sealed class Work<T>(Func<ValueTask<T>> run) : Work
    {
        private readonly TaskCompletionSource<T> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task<T> Ended => _ended.Task;

        internal override void Run()
        {
            // Waiting here keeps the thread bound to its one handler. The caller gets the outcome as it was thrown.
            var ended = CallAsync();
            ((Task)ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
            _ended.SetFromTask(ended);
        }

        private async Task<T> CallAsync() => await run();
    }
}
