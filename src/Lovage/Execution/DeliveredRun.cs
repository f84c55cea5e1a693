using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>What attempts at delivered jobs need, of a worker or of the test kit.</summary>
/// <remarks>Immutable; its parts are safe for use by several threads.</remarks>
internal sealed record DeliveredServices
{
    internal required JobWorkerServices App { get; init; }

    internal required JobRunner Runner { get; init; }

    internal required AttemptOutcomes Outcomes { get; init; }

    /// <summary>Completes jobs in transactions of their handlers; null where no storage holds the jobs.</summary>
    internal TransactionalCompletion? Completion { get; init; }

    /// <summary>True when each slot is taken; null (the default) where there are no slots.</summary>
    internal Func<bool>? IsFull { get; init; }

    /// <summary>How attempts work that begin now.</summary>
    internal required Func<WorkerSettings> Settings { get; init; }

    /// <summary>True when the token of a handler is cancelled on the flow that asks for it.</summary>
    internal bool CancelInline { get; init; }
}

/// <summary>One attempt at a job that a storage has delivered.</summary>
/// <remarks>A worker makes one of these for each attempt: its fields are few for that reason.</remarks>
internal abstract class DeliveredRun : AttemptRun
{
    internal abstract Delivery Delivery { get; }

    internal JobMessage Message => Delivery.Message;

    /// <summary>The definition of the job; null when this process does not know its name and arguments.</summary>
    internal abstract JobDefinition? Definition { get; }

    /// <summary>What the handler sees; null until it starts.</summary>
    internal abstract JobAttempt? Attempt { get; }

    /// <summary>The outcome to write; null when the job is released instead, or until it is decided.</summary>
    internal Settlement? Outcome { get; private protected set; }

    /// <summary>What became of the handler's own transaction; null when it used none.</summary>
    internal TransactionFate? Fate { get; private set; }

    /// <summary>What the handler threw, for a log: without the values of sensitive arguments.</summary>
    internal Exception? ShownError => Attempt?.Secrets is { } secrets ? secrets.Clean(Ending.Error) : Ending.Error;

    internal override string Name => Delivery.Message.Name;

    internal override int Number => Delivery.Message.Retries + 1;

    /// <summary>Which start this is, counting those that were interrupted: the number in the job's history.</summary>
    internal int Start => Delivery.AttemptsSoFar + 1;

    internal override int MaxAttempts => Attempt?.MaxAttempts ?? Services.Outcomes.MaxAttempts(Delivery, Definition);

    internal override long StartedTimestamp => Attempt?.StartedTimestamp ?? 0;

    internal override JobDecision Decision => Outcome?.Decision ?? JobDecision.Release;

    internal override TimeSpan RetryDelay => Outcome?.RetryDelay ?? TimeSpan.Zero;

    private protected abstract DeliveredServices Services { get; }

    /// <summary>True when the job is to be cancelled.</summary>
    private protected virtual bool IsRevoked => false;

    /// <summary>Gives up waiting for the storage.</summary>
    private protected virtual CancellationToken Stopped => CancellationToken.None;

    internal override ValueTask<bool> AdmitAsync() =>
        Definition is not null && !IsRevoked && !Delivery.IsExpired ? new(true) : RefuseAsync();

    internal override void Begin(TimeProvider time)
    {
        var timestamp = time.GetTimestamp();
        var wait = Delivery.ClaimedAt - Delivery.ReadyAt + HeldFor(timestamp);
        Show(new JobAttempt(
            Delivery,
            Definition!,
            Services.Outcomes.MaxAttempts(Delivery, Definition),
            Services.App,
            Services.Settings(),
            Services.CancelInline)
        {
            Completion = Services.Completion,
            IsFull = Services.IsFull,
            StartedAt = time.GetUtcNow(),
            StartedTimestamp = timestamp,
            Wait = wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        });
    }

    internal override ValueTask<AttemptEnding> InvokeAsync() => Services.Runner.RunAsync(Attempt!);

    internal override bool TryEnd() => Attempt!.TryEnd();

    internal override ValueTask<AttemptEnding> SettleFateAsync(AttemptEnding ending) =>
        Attempt!.Completed is { } completed ? FateAsync(completed, ending) : new(ending);

    internal override void Decide() => Outcome = Fate switch
    {
        TransactionFate.Committed => Attempt!.Completed,
        TransactionFate.Open => null,
        _ => Services.Outcomes.Of(Attempt!, Ending, Duration),
    };

    /// <summary>How long this process has held the job before its start; zero where it does not wait here.</summary>
    private protected virtual TimeSpan HeldFor(long startedTimestamp) => TimeSpan.Zero;

    /// <summary>Makes the attempt visible: it starts now.</summary>
    private protected abstract void Show(JobAttempt attempt);

    /// <summary>Ends it without its handler: the outcome is known.</summary>
    private protected ValueTask EndUnseenAsync(AttemptEnding ending)
    {
        Close(ending, TimeSpan.Zero);
        Outcome = Services.Outcomes.Of(Delivery, Definition, ending, Services.App.Time.GetUtcNow());
        return HandOnAsync();
    }

    /// <summary>Declines the offer of a job whose name or arguments this process does not know.</summary>
    private protected abstract ValueTask DeclineAsync();

    /// <summary>Hears of a fault of the storage, which is asked again.</summary>
    private protected abstract void Faulted(string step, Exception fault);

    /// <summary>Hears that the handler failed after it had committed its completion.</summary>
    private protected virtual void FailedAfterCommit(AttemptEnding ending)
    {
    }

    private async ValueTask<bool> RefuseAsync()
    {
        await (IsRevoked ? EndUnseenAsync(new AttemptEnding(AttemptEnd.Cancelled))
            : Delivery.IsExpired ? EndUnseenAsync(new AttemptEnding(AttemptEnd.Expired))
            : DeclineAsync());
        return false;
    }

    private async ValueTask<AttemptEnding> FateAsync(Settlement completed, AttemptEnding ending)
    {
        var fate = await Services.Completion!.FateAsync(completed, fault => Faulted("completion", fault), Stopped);
        Fate = fate;
        if (fate == TransactionFate.Committed && ending.End != AttemptEnd.Succeeded)
        {
            FailedAfterCommit(ending);
        }

        return TransactionalCompletion.EndingOf(fate, ending);
    }
}
