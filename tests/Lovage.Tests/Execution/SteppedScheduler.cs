using System.Collections.Concurrent;

namespace Lovage.Tests.Execution;

/// <summary>
/// Runs its tasks on the thread that asks for it, in the order in which they came, and so the same way each time.
/// </summary>
internal sealed class SteppedScheduler : TaskScheduler
{
    private const int StepsMax = 1_000_000;

    private readonly ConcurrentQueue<Task> _tasks = new();

    /// <summary>Runs until nothing is left to run.</summary>
    internal void RunAll()
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            for (var steps = 0; _tasks.TryDequeue(out var task); steps++)
            {
                Assert.True(steps < StepsMax, "the tasks never come to rest");
                TryExecuteTask(task);
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    protected override IEnumerable<Task> GetScheduledTasks() => _tasks;

    protected override void QueueTask(Task task) => _tasks.Enqueue(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;
}
