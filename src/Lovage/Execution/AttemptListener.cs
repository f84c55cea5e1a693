using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Lovage.Diagnostics;

namespace Lovage.Execution;

/// <summary>The storage's answer to the outcome of an attempt.</summary>
internal enum AttemptAnswer
{
    /// <summary>The outcome is written.</summary>
    Written = 0,

    /// <summary>The outcome was refused: the lease had passed to another attempt.</summary>
    Stale = 1,

    /// <summary>The storage will never take the outcome.</summary>
    Refused = 2,

    /// <summary>The handler's own transaction had written it.</summary>
    Committed = 3,

    /// <summary>The handler's own transaction is still open: the outcome is not known.</summary>
    Open = 4,

    /// <summary>There was no outcome: the claim was released.</summary>
    Released = 5,

    /// <summary>There was no outcome: the job was declined, so that a newer worker can take it.</summary>
    Declined = 6,
}

/// <summary>What was decided about an attempt's job or task, and how the storage took it.</summary>
/// <param name="Answer">How the storage took it.</param>
/// <param name="State">Where the job stands now, which may differ from what was decided; null when it has moved on, or
/// when nothing was written.</param>
/// <param name="Error">Why an outcome was refused; null otherwise.</param>
internal readonly record struct AttemptVerdict(
    AttemptAnswer Answer, JobState? State = null, Exception? Error = null);

/// <summary>Hears of the attempts of one rung. It may throw; see <see cref="AttemptListeners{TRun}"/>.</summary>
/// <typeparam name="TRun">The attempts of that rung.</typeparam>
internal abstract class AttemptListener<TRun>
    where TRun : AttemptRun
{
    /// <summary>The handler is about to be called.</summary>
    internal virtual void Started(TRun run)
    {
    }

    /// <summary>The handler is done, and what follows from it is about to be decided and handed on.</summary>
    internal virtual void Ended(TRun run)
    {
    }

    /// <summary>The storage has answered. Where there is no storage this follows at once.</summary>
    internal virtual void Decided(TRun run, AttemptVerdict verdict)
    {
    }
}

/// <summary>
/// All listeners of one rung, and the one place that guards them: one that throws changes no outcome, keeps nothing
/// from the others and ends no process.
/// </summary>
/// <typeparam name="TRun">The attempts of that rung.</typeparam>
/// <remarks>Immutable, safe for use by several threads.</remarks>
[SuppressMessage("Design", "CA1031", Justification = "A listener's fault stays the listener's.")]
internal sealed class AttemptListeners<TRun>(ImmutableArray<AttemptListener<TRun>> all)
    where TRun : AttemptRun
{
    internal void Started(TRun run)
    {
        foreach (var listener in all)
        {
            try
            {
                listener.Started(run);
            }
            catch (Exception)
            {
                Unfailing.CountFault();
            }
        }
    }

    internal void Ended(TRun run)
    {
        foreach (var listener in all)
        {
            try
            {
                listener.Ended(run);
            }
            catch (Exception)
            {
                Unfailing.CountFault();
            }
        }
    }

    internal void Decided(TRun run, AttemptVerdict verdict)
    {
        foreach (var listener in all)
        {
            try
            {
                listener.Decided(run, verdict);
            }
            catch (Exception)
            {
                Unfailing.CountFault();
            }
        }
    }
}
