using System.Diagnostics.CodeAnalysis;

namespace Lovage.Faults.Harness;

/// <summary>
/// Where handlers of the test's own process block until the test lets them go, at its end at the latest.
/// </summary>
internal sealed class BlockingGate(int expected) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _entered;

    /// <summary>Handlers that have come so far.</summary>
    internal int Entered => Volatile.Read(ref _entered);

    /// <summary>Ends when all that are expected are blocked.</summary>
    internal Task Full => _full.Task;

    /// <summary>Waits for an asynchronous call as if it were none.</summary>
    [SuppressMessage("Performance", "CA1849", Justification = "To block is what it is for.")]
    internal ValueTask Block()
    {
        if (Interlocked.Increment(ref _entered) == expected)
        {
            _full.TrySetResult();
        }

        return _opened.Task.Wait(Patience, CancellationToken.None)
            ? default
            : throw new TimeoutException("The test has forgotten its handlers.");
    }

    internal void Open() => _opened.TrySetResult();

    public void Dispose() => Open();
}
