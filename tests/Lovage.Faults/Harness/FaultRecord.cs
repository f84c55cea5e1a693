using System.Diagnostics;

namespace Lovage.Faults.Harness;

/// <summary>When which process was hit: from the signal until it was resumed, or for good.</summary>
internal sealed class FaultRecord
{
    private readonly Lock _lock = new();
    private readonly List<Fault> _faults = [];

    /// <summary>A process is hit now.</summary>
    internal void Begin(int process)
    {
        lock (_lock)
        {
            _faults.Add(new Fault(process, Stopwatch.GetTimestamp(), long.MaxValue));
        }
    }

    /// <summary>It was resumed.</summary>
    internal void End(int process)
    {
        lock (_lock)
        {
            var last = _faults.FindLastIndex(fault => fault.Process == process);
            _faults[last] = _faults[last] with { To = Stopwatch.GetTimestamp() };
        }
    }

    internal IReadOnlyList<Fault> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _faults];
            }
        }
    }

    internal sealed record Fault(int Process, long From, long To);
}
