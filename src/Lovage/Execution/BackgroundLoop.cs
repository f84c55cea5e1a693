using System.Diagnostics.CodeAnalysis;
using Lovage.Diagnostics;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Repeats a step until it is stopped, whatever the step throws: with its own thread where it must not depend on the
/// thread pool, else on the caller's scheduler.
/// </summary>
/// <param name="name">What it is called in logs, metrics and thread lists.</param>
/// <param name="time">Measures the pauses.</param>
/// <param name="faulted">Hears of the step's faults.</param>
/// <param name="wake">Ends a pause early; null for nothing.</param>
internal sealed class BackgroundLoop(
    string name, TimeProvider time, Action<string, Exception> faulted, WakeUp? wake = null)
{
    private readonly WakeUp _wake = wake ?? new WakeUp();

    /// <summary>Runs on the caller's scheduler; the step says how long to wait before the next one.</summary>
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A loop outlives its steps' faults: they are logged, counted and tried again.")]
    internal async Task RunAsync(Func<CancellationToken, Task<TimeSpan>> step, CancellationToken stopped)
    {
        while (!stopped.IsCancellationRequested)
        {
            TimeSpan pause;
            var seen = _wake.Version;
            try
            {
                pause = await step(stopped);
            }
            catch (OperationCanceledException) when (stopped.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Report(error);
                pause = TimeSpan.FromSeconds(1);
            }

            try
            {
                await _wake.WaitAsync(seen, pause, time, stopped);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>
    /// Runs on a thread of its own, which also runs what the step awaits, so that neither a timer nor a continuation
    /// needs the thread pool (400 blocking handlers kept an asynchronous heartbeat from ticking for 14.5 s).
    /// </summary>
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "A loop outlives its steps' faults: they are logged, counted and tried again.")]
    internal Task RunOnThread(Func<CancellationToken, Task<TimeSpan>> step, CancellationToken stopped)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            using var pump = new ThreadPump();
            SynchronizationContext.SetSynchronizationContext(pump);
            while (!stopped.IsCancellationRequested)
            {
                TimeSpan pause;
                var seen = _wake.Version;
                try
                {
                    pause = pump.Run(step(stopped));
                }
                catch (OperationCanceledException) when (stopped.IsCancellationRequested)
                {
                    break;
                }
                catch (Exception error)
                {
                    Report(error);
                    pause = TimeSpan.FromSeconds(1);
                }

                try
                {
                    _wake.Wait(seen, pause, stopped);
                }
                catch (OperationCanceledException)
                {
                    break;
                }
            }

            ended.SetResult();
        })
        {
            IsBackground = true,
            Name = $"lovage-{name}",
        };
        thread.UnsafeStart();
        return ended.Task;
    }

    private void Report(Exception error)
    {
        // A listener that fails here would end the loop, and on a thread of its own the process.
        Unfailing.Tell(name, static loop =>
            LovageTelemetry.LoopErrors.Add(1, new KeyValuePair<string, object?>("loop", loop)));
        Unfailing.Tell((faulted, name, error), static told => told.faulted(told.name, told.error));
    }

    /// <summary>Runs continuations on the thread that waits for them.</summary>
    private sealed class ThreadPump : SynchronizationContext, IDisposable
    {
        private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
        private readonly Lock _lock = new();
        private readonly ManualResetEventSlim _any = new(initialState: false, spinCount: 0);

        public override void Post(SendOrPostCallback d, object? state)
        {
            lock (_lock)
            {
                _posted.Enqueue((d, state));
                _any.Set();
            }
        }

        public override void Send(SendOrPostCallback d, object? state) =>
            throw new NotSupportedException("Nothing waits for this thread.");

        public override SynchronizationContext CreateCopy() => this;

        internal T Run<T>(Task<T> task)
        {
            if (task.IsCompleted)
            {
                // Its wake-up would stay in the queue.
                return task.GetAwaiter().GetResult();
            }

            // The wake-up must run on whatever thread ends the task: this one is waiting.
            task.ContinueWith(
                static (_, state) => ((ThreadPump)state!).Post(static _ => { }, null),
                this,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            while (!task.IsCompleted)
            {
                _any.Wait();
                while (TryTake(out var work))
                {
                    work.Callback(work.State);
                }
            }

            return task.GetAwaiter().GetResult();
        }

        public void Dispose() => _any.Dispose();

        private bool TryTake(out (SendOrPostCallback Callback, object? State) work)
        {
            lock (_lock)
            {
                if (_posted.TryDequeue(out work))
                {
                    return true;
                }

                _any.Reset();
                return false;
            }
        }
    }
}
