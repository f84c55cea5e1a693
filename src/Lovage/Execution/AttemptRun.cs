using System.Diagnostics;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// One attempt on its way through <see cref="JobExecutor"/>: what is known of it, and the steps in which the rungs
/// differ.
/// </summary>
internal abstract class AttemptRun
{
    /// <summary>The name of the job or task.</summary>
    internal abstract string Name { get; }

    /// <summary>Which attempt this is: the failures so far plus one.</summary>
    internal abstract int Number { get; }

    /// <summary>Attempts at the most.</summary>
    internal abstract int MaxAttempts { get; }

    /// <summary>The timestamp at which the handler was called.</summary>
    internal abstract long StartedTimestamp { get; }

    /// <summary>How long the handler ran; zero when it did not.</summary>
    internal TimeSpan Duration { get; private set; }

    /// <summary>How it ended; valid once it has.</summary>
    internal AttemptEnding Ending { get; private protected set; }

    /// <summary>What is to be done about the job or task; valid once it is decided.</summary>
    internal abstract JobDecision Decision { get; }

    /// <summary>The wait before the next attempt, where there is one.</summary>
    internal abstract TimeSpan RetryDelay { get; }

    /// <summary>Its span; null when no listener wants one.</summary>
    internal Activity? Activity { get; set; }

    /// <summary>Step 1: may it run?</summary>
    /// <returns>False when it has been dealt with, and its handler is not called.</returns>
    internal virtual ValueTask<bool> AdmitAsync() => new(true);

    /// <summary>Step 2: records the start where the storage must know before the handler runs.</summary>
    /// <returns>False when it must not run.</returns>
    internal virtual ValueTask<bool> RecordStartAsync() => new(true);

    /// <summary>Step 3: notes that it starts, and makes it visible to those who watch.</summary>
    internal abstract void Begin(TimeProvider time);

    /// <summary>Step 4: calls the handler, within filters and a scope of its own. Never throws.</summary>
    internal abstract ValueTask<AttemptEnding> InvokeAsync();

    /// <summary>Step 5: the handler is done.</summary>
    /// <returns>False when the worker gave up on it before, and has said how it ended.</returns>
    internal virtual bool TryEnd() => true;

    /// <summary>Step 6: finds out what became of a transaction in which the handler completed the job.</summary>
    internal virtual ValueTask<AttemptEnding> SettleFateAsync(AttemptEnding ending) => new(ending);

    /// <summary>Step 7: decides what becomes of the job or task.</summary>
    internal abstract void Decide();

    /// <summary>Step 8: hands the outcome on; the code that gets the storage's answer tells the listeners.</summary>
    internal virtual ValueTask HandOnAsync() => default;

    /// <summary>Tells the listeners that it starts.</summary>
    internal abstract void TellStarted();

    /// <summary>Tells the listeners that the handler is done, before anything is decided.</summary>
    internal abstract void TellEnded();

    /// <summary>Keeps how it ended.</summary>
    internal void Close(AttemptEnding ending, TimeSpan duration) => (Ending, Duration) = (ending, duration);
}
