using System.Diagnostics.CodeAnalysis;
using System.Diagnostics;
using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Spawning;

/// <summary>What the tries of tasks of this process share.</summary>
/// <param name="Listeners">Hear of each try.</param>
/// <param name="Rule">Says whether and when a failed one is tried again.</param>
/// <param name="Time">The clock.</param>
internal sealed record LocalTryServices(AttemptListeners<LocalTry> Listeners, RetryRule Rule, TimeProvider Time);

/// <summary>
/// One try of a task of this process on its way through <see cref="JobExecutor"/>. The object serves the tries of one
/// task, or the tasks of one place, one after the other.
/// </summary>
internal sealed class LocalTry(LocalTryServices services, CancellationToken token) : AttemptRun
{
    private int _number;
    private long _startedTimestamp;
    private JobDecision _decision;
    private TimeSpan _retryDelay;

    /// <summary>The task.</summary>
    internal LocalEntry Entry { get; private set; } = null!;

    /// <summary>What it runs.</summary>
    internal LocalCall Call { get; private set; } = null!;

    /// <summary>The span that its own belongs to; null for none.</summary>
    internal Activity? Parent { get; init; }

    /// <summary>
    /// True for a part of a gathering: it has no span of its own, and its cancellation is that of the whole.
    /// </summary>
    internal bool IsPart { get; init; }

    internal override string Name => Entry.Name;

    internal override int Number => _number;

    internal override int MaxAttempts => Call.MaxAttempts;

    internal override long StartedTimestamp => _startedTimestamp;

    internal override JobDecision Decision => _decision;

    internal override TimeSpan RetryDelay => _retryDelay;

    /// <summary>Makes it another try.</summary>
    internal LocalTry Of(LocalEntry entry, LocalCall call, int number)
    {
        (Entry, Call, _number) = (entry, call, number);
        return this;
    }

    internal override void Begin(TimeProvider time)
    {
        _startedTimestamp = time.GetTimestamp();
        Entry.Attempt = _number;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a task throws is its outcome.")]
    internal override async ValueTask<AttemptEnding> InvokeAsync()
    {
        try
        {
            await Entry.CallAsync(Call, _number, StartedTimestamp, token);
            return new AttemptEnding(AttemptEnd.Succeeded);
        }
        catch (Exception error)
        {
            return Read(error);
        }
    }

    internal override void Decide()
    {
        var policy = Call.Retry;
        _decision = RetryRule.Decide(Ending, policy, _number - 1, MaxAttempts);
        _retryDelay = Decision == JobDecision.Retry && policy is not null
            ? services.Rule.Delay(Ending, policy, _number)
            : TimeSpan.Zero;
    }

    /// <summary>No storage has to answer: what is decided is told at once.</summary>
    internal override ValueTask HandOnAsync()
    {
        if (Decision == JobDecision.Cancel && Entry.Kind == TaskKind.Spawned)
        {
            Close(Ending, services.Time.GetElapsedTime(Entry.AcceptedTimestamp));
        }

        TellDecided();
        return default;
    }

    internal override void TellStarted()
    {
        if (!IsPart)
        {
            services.Listeners.Started(this);
        }
    }

    internal override void TellEnded()
    {
        if (!IsPart)
        {
            services.Listeners.Ended(this);
        }
    }

    /// <summary>Ends it with a fault of its surroundings, and tells so.</summary>
    internal void Fail(Exception fault)
    {
        Close(Read(fault), StartedTimestamp == 0 ? TimeSpan.Zero : services.Time.GetElapsedTime(StartedTimestamp));
        _decision = JobDecision.Fail;
        TellDecided();
    }

    /// <summary>Ends it before it began, because it was cancelled, and tells so.</summary>
    internal void CancelUnstarted()
    {
        Close(
            new AttemptEnding(AttemptEnd.Cancelled),
            services.Time.GetElapsedTime(Entry.AcceptedTimestamp));
        _decision = JobDecision.Cancel;
        TellDecided();
    }

    private AttemptEnding Read(Exception error) => HandlerErrors.Find<BadArgumentsException>(error) is not null
        ? new AttemptEnding(AttemptEnd.BadArguments, HandlerErrors.Unwrap(error))
        : AttemptEnding.Read(
            error,
            token.IsCancellationRequested ? JobCancellationReason.Caller : JobCancellationReason.None,
            Call.Retry);

    private void TellDecided()
    {
        if (!IsPart || Decision != JobDecision.Cancel)
        {
            services.Listeners.Decided(this, new AttemptVerdict(AttemptAnswer.Written));
        }
    }
}
