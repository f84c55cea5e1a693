using Lovage.Faults.Node;
using Xunit;

namespace Lovage.Faults.Harness;

/// <summary>
/// Keeps jobs coming while faults are made: small batches, each enqueued again with the same ids until it is taken.
/// </summary>
internal sealed class SteadyLoad
{
    private const int BatchSize = 20;

    private readonly Task _producing;
    private int _jobs;
    private bool _isOver;

    internal SteadyLoad(FaultLab lab, int perSecond)
    {
        var cancel = TestContext.Current.CancellationToken;
        _producing = ProduceAsync();

        async Task ProduceAsync()
        {
            while (!Volatile.Read(ref _isOver))
            {
                await lab.EnqueueSurelyAsync(
                    Enumerable.Range(0, BatchSize).Select(static i => (Job)FaultJobs.Work(1 + (i % 5))));
                Interlocked.Add(ref _jobs, BatchSize);

                // What a fault kept from being enqueued is not made up for: a new job shall not wait behind a backlog.
                await Task.Delay(TimeSpan.FromSeconds((double)BatchSize / perSecond), cancel);
            }
        }
    }

    /// <summary>How many were accepted.</summary>
    internal int Jobs => Volatile.Read(ref _jobs);

    /// <summary>Ends with the batch under way.</summary>
    internal Task EndAsync()
    {
        Volatile.Write(ref _isOver, true);
        return _producing;
    }
}
