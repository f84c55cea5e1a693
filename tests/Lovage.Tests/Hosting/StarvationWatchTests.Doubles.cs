using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Lovage.Execution;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Hosting;

/// <content>This part has the doubles.</content>
public sealed partial class StarvationWatchTests
{
    private sealed class FakePool : WatchedPool
    {
        private readonly Queue<IThreadPoolWorkItem> _queued = new();

        internal override bool HasWaiting => IsUsed || _queued.Count > 0;

        /// <summary>Other work waits at every look.</summary>
        internal bool IsUsed { get; set; } = true;

        internal int Probes { get; private set; }

        internal Thread? Queuer { get; private set; }

        internal TaskCompletionSource Queued { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal override void Queue(IThreadPoolWorkItem item)
        {
            Probes++;
            _queued.Enqueue(item);
            Queuer = Thread.CurrentThread;
            Queued.TrySetResult();
        }

        internal void Run()
        {
            while (_queued.TryDequeue(out var item))
            {
                item.Execute();
            }
        }
    }

    private sealed class Recorder(List<(int Id, LogLevel Level, string Text)> log, TestClock time, List<double> times)
        : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            log.Add((eventId.Id, logLevel, formatter(state, exception)));
            times.Add(time.Elapsed.TotalSeconds);
        }
    }
}
