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

    /// <summary>How attempts work that begin now.</summary>
    internal required Func<WorkerSettings> Settings { get; init; }

    /// <summary>True when the token of a handler is cancelled on the flow that asks for it.</summary>
    internal bool CancelInline { get; init; }
}

/// <summary>One attempt at a job that a storage has delivered.</summary>
internal abstract class DeliveredRun(Delivery delivery, JobDefinition? definition, DeliveredServices services)
    : AttemptRun
{
    private JobAttempt? _attempt;

    internal Delivery Delivery => delivery;

    internal JobMessage Message => delivery.Message;

    /// <summary>The definition of the job; null when this process does not know its name.</summary>
    internal JobDefinition? Definition => definition;

    internal override string Name => delivery.Message.Name;

    internal override int Number => delivery.Message.Retries + 1;

    internal override int MaxAttempts =>
        _attempt?.MaxAttempts ?? services.Outcomes.MaxAttempts(delivery, definition);

    /// <summary>What the handler sees; null until it starts.</summary>
    internal JobAttempt? Attempt => Volatile.Read(ref _attempt);

    /// <summary>The outcome to write; null when the job is released instead, or until it is decided.</summary>
    internal Settlement? Outcome { get; private protected set; }

    /// <summary>What became of the handler's own transaction; null when it used none.</summary>
    internal TransactionFate? Fate { get; private set; }

    /// <summary>From ready to started.</summary>
    internal TimeSpan Wait { get; private protected set; }

    private protected DeliveredServices Services => services;

    internal override async ValueTask<bool> AdmitAsync()
    {
        if (!delivery.IsExpired && !IsRevoked)
        {
            if (definition is not null)
            {
                return true;
            }

            await DeclineAsync();
            return false;
        }

        await EndUnseenAsync(new AttemptEnding(IsRevoked ? AttemptEnd.Cancelled : AttemptEnd.Expired));
        return false;
    }

    internal override void Begin(TimeProvider time)
    {
        base.Begin(time);
        Volatile.Write(ref _attempt, new JobAttempt(
            delivery,
            definition!,
            services.Outcomes.MaxAttempts(delivery, definition),
            services.App.Serializer,
            services.App.Scopes,
            services.Settings(),
            services.CancelInline)
        {
            Completion = services.Completion,
            StartedAt = time.GetUtcNow(),
            StartedTimestamp = StartedTimestamp,
        });
    }

    internal override ValueTask<AttemptEnding> InvokeAsync() => services.Runner.RunAsync(_attempt!);

    internal override bool TryEnd() => _attempt!.TryEnd();

    internal override ValueTask<AttemptEnding> SettleFateAsync(AttemptEnding ending) =>
        _attempt!.Completed is { } completed ? FateAsync(completed, ending) : new(ending);

    internal override void Decide()
    {
        Outcome = Fate switch
        {
            TransactionFate.Committed => _attempt!.Completed,
            TransactionFate.Open => null,
            _ => services.Outcomes.Of(_attempt!, Ending, Duration),
        };
        Decision = Outcome?.Decision ?? JobDecision.Release;
        RetryDelay = Outcome?.RetryDelay ?? TimeSpan.Zero;
    }

    /// <summary>True when the job is to be cancelled.</summary>
    private protected virtual bool IsRevoked => false;

    /// <summary>Ends it without its handler: the outcome is known.</summary>
    private protected ValueTask EndUnseenAsync(AttemptEnding ending)
    {
        Ending = ending;
        Outcome = services.Outcomes.Of(delivery, definition, ending, services.App.Time.GetUtcNow());
        Decision = Outcome!.Decision;
        return HandOnAsync();
    }

    /// <summary>Declines the offer of a job whose name this process does not know.</summary>
    private protected abstract ValueTask DeclineAsync();

    /// <summary>Hears of a fault of the storage, which is asked again.</summary>
    private protected abstract void Faulted(string step, Exception fault);

    /// <summary>Hears that the handler failed after it had committed its completion.</summary>
    private protected virtual void FailedAfterCommit(AttemptEnding ending)
    {
    }

    /// <summary>Gives up waiting for the storage.</summary>
    private protected virtual CancellationToken Stopped => CancellationToken.None;

    private async ValueTask<AttemptEnding> FateAsync(Settlement completed, AttemptEnding ending)
    {
        var fate = await services.Completion!.FateAsync(completed, fault => Faulted("completion", fault), Stopped);
        Fate = fate;
        if (fate == TransactionFate.Committed && ending.End != AttemptEnd.Succeeded)
        {
            FailedAfterCommit(ending);
        }

        return TransactionalCompletion.EndingOf(fate, ending);
    }
}
