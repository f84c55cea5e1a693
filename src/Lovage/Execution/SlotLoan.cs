using System.Diagnostics.CodeAnalysis;

namespace Lovage.Execution;

/// <summary>A free slot that is wanted for a claim: claims on it, and tells the one that waits.</summary>
internal sealed class SlotLoan(Func<Task<HeldLease?>> claim)
{
    internal TaskCompletionSource<HeldLease?> Claimed { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    [SuppressMessage("Design", "CA1031", Justification = "The fault is handed to the one who waits.")]
    internal async Task<HeldLease?> ClaimAsync()
    {
        try
        {
            var held = await claim();
            Claimed.TrySetResult(held);
            return held;
        }
        catch (OperationCanceledException cancelled)
        {
            Claimed.TrySetCanceled(cancelled.CancellationToken);
        }
        catch (Exception fault)
        {
            Claimed.TrySetException(fault);
        }

        return null;
    }
}
