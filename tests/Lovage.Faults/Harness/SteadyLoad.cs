using System.Diagnostics;
using Lovage.Faults.Node;
using Xunit;

namespace Lovage.Faults.Harness;

/// <summary>Keeps jobs coming while faults are made: small batches, each enqueued again with the same ids until it is taken.</summary>
internal sealed class SteadyLoad
{
    private const int BatchSize = 20;

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _producing;
    private int _jobs;

    internal SteadyLoad(FaultLab lab, int perSecond, int max = int.MaxValue)
    {
        var cancel = TestContext.Current.CancellationToken;
        _producing = ProduceAsync();

        async Task ProduceAsync()
        {
            var start = Stopwatch.GetTimestamp();
            while (!_stop.IsCancellationRequested && Jobs < max)
            {
                await lab.EnqueueSurelyAsync(Enumerable.Range(0, BatchSize).Select(static i => (Job)FaultJobs.Work(1 + (i % 5))));
                var jobs = Interlocked.Add(ref _jobs, BatchSize);

                // After a fault it does not make up for lost time: the rate is a bound.
                var due = TimeSpan.FromSeconds((double)jobs / perSecond) - Stopwatch.GetElapsedTime(start);
                await Task.Delay(due > TimeSpan.Zero ? due : TimeSpan.Zero, cancel);
            }
        }
    }

    /// <summary>How many were accepted.</summary>
    internal int Jobs => Volatile.Read(ref _jobs);

    /// <summary>Ends with the batch under way.</summary>
    internal async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _producing;
        _stop.Dispose();
    }

    /// <summary>Waits until as many as were asked for are accepted.</summary>
    internal Task AllAsync() => _producing;
}
