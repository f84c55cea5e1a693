using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>What the attempts of one worker share.</summary>
internal sealed record RunningServices
{
    internal required WorkerContext Worker { get; init; }

    internal required DeliveredServices Delivered { get; init; }

    internal required LeaseKeeper Leases { get; init; }

    internal required SettlementBuffer Settlements { get; init; }

    internal required UnknownJobs Unknown { get; init; }

    internal required DedicatedThreads Threads { get; init; }

    internal required AttemptListeners<Running> Listeners { get; init; }
}

/// <summary>What runs in a slot: the claim of a job and the attempt at it, in one object.</summary>
internal sealed class Running(HeldLease held, Slot slot, RunningServices services) : DeliveredRun
{
    private static readonly TimeSpan StartRetryPause = TimeSpan.FromMilliseconds(100);

    private bool _isOffer;

    /// <summary>The claim.</summary>
    internal HeldLease Held => held;

    /// <summary>The place in which it runs.</summary>
    internal Slot Slot => slot;

    /// <summary>True once the start is written.</summary>
    internal bool StartRecorded { get; set; } = held.Delivery.IsOrphan;

    /// <summary>The timestamp at which progress was last written.</summary>
    internal long ProgressTimestamp { get; set; }

    /// <summary>True when the handler has a thread of its own.</summary>
    internal bool IsApart => services.Worker.OwnThreads && Definition!.Execution == JobExecution.DedicatedThread;

    /// <summary>
    /// From ready to started, by two clocks, each compared with itself only: the storage's until the claim, this
    /// process's from then on. Zero for a job that no handler saw.
    /// </summary>
    internal TimeSpan Wait => Attempt?.Wait ?? TimeSpan.Zero;

    internal override Delivery Delivery => held.Delivery;

    internal override JobDefinition? Definition => held.Definition;

    internal override JobAttempt? Attempt => held.Attempt;

    private protected override DeliveredServices Services => services.Delivered;

    private LeaseToken Token => held.Delivery.Token;

    private protected override bool IsRevoked => held.Cancelled == JobCancellationReason.Revoked;

    private protected override CancellationToken Stopped => services.Worker.Stopped;

    internal override ValueTask<bool> AdmitAsync()
    {
        if (held.Cancelled != JobCancellationReason.LeaseLost && services.Leases.IsTrusted(held))
        {
            return base.AdmitAsync();
        }

        Drop();
        return new(false);
    }

    internal override ValueTask<bool> RecordStartAsync() => Delivery.IsOrphan ? RecordAheadAsync() : new(true);

    internal override ValueTask<AttemptEnding> InvokeAsync() => IsApart ? InvokeApartAsync() : base.InvokeAsync();

    internal override bool TryEnd()
    {
        if (!base.TryEnd())
        {
            return false;
        }

        slot.Running = null;
        return true;
    }

    internal override ValueTask<AttemptEnding> SettleFateAsync(AttemptEnding ending) =>
        ending is { End: AttemptEnd.BadArguments, Error: BadArgumentsException { Needed: > 0 and var needed } }
            ? SettleSurplusAsync(ending, needed)
            : base.SettleFateAsync(ending);

    internal override void TellStarted() => services.Listeners.Started(this);

    internal override void TellEnded() => services.Listeners.Ended(this);

    /// <summary>Tells the storage's answer; the code that gets the answer calls it.</summary>
    internal void TellDecided(AttemptVerdict verdict) => services.Listeners.Decided(this, verdict);

    internal override ValueTask HandOnAsync()
    {
        if (Fate == TransactionFate.Committed)
        {
            services.Leases.Remove(Token);
            TellDecided(new AttemptVerdict(AttemptAnswer.Committed, JobState.Succeeded));
            return default;
        }

        if (Fate == TransactionFate.Open)
        {
            services.Leases.Remove(Token);
            TellDecided(new AttemptVerdict(AttemptAnswer.Open));
            return default;
        }

        return Outcome is not null ? services.Settlements.AddAsync(this, services.Worker.Stopped)
            : _isOffer ? OfferAsync()
            : ReleaseAsync();
    }

    /// <summary>Ends it without waiting for anything, for a handler that ran over its limit.</summary>
    internal void EndNow(AttemptEnding ending, TimeSpan duration)
    {
        Close(ending, duration);
        TellEnded();
        Decide();
        services.Settlements.Add(this);
    }

    private protected override TimeSpan HeldFor(long startedTimestamp) =>
        services.Worker.Time.GetElapsedTime(held.ReceivedTimestamp, startedTimestamp);

    private protected override void Show(JobAttempt attempt)
    {
        held.Run(attempt);
        slot.Running = this;
    }

    private protected override ValueTask DeclineAsync() => new(services.Unknown.DeclineAsync([held]));

    private protected override void Faulted(string step, Exception fault) =>
        services.Worker.Report.LoopFault(step, fault);

    private protected override void FailedAfterCommit(AttemptEnding ending) =>
        services.Worker.Report.FailedAfterCommit(
            Message, Attempt?.Secrets is { } secrets ? ending with { Error = secrets.Clean(ending.Error) } : ending);

    private async ValueTask<AttemptEnding> InvokeApartAsync() =>
        await services.Threads.RunAsync(() => base.InvokeAsync());

    /// <summary>
    /// A message of another producer has more arguments than the handler takes. Its job is left to a live worker that
    /// announces more parameters; it fails when there is none.
    /// </summary>
    private async ValueTask<AttemptEnding> SettleSurplusAsync(AttemptEnding ending, int needed)
    {
        _isOffer = await services.Unknown.MayBeNewerElsewhereAsync(held, needed);
        if (!_isOffer)
        {
            return ending;
        }

        held.Needed = needed;
        return new AttemptEnding(AttemptEnd.Interrupted);
    }

    private async ValueTask OfferAsync()
    {
        await services.Unknown.DeclineAsync([held]);
        TellDecided(new AttemptVerdict(AttemptAnswer.Declined));
    }

    private async ValueTask ReleaseAsync()
    {
        var ended = await (Delivery.IsOrphan
            ? services.Leases.ReleaseStartedAsync(Token, services.Worker.Report, services.Worker.Stopped)
            : services.Leases.ReleaseAsync([Token], services.Worker.Report, services.Worker.Stopped));
        TellDecided(new AttemptVerdict(
            AttemptAnswer.Released, ended.Count > 0 ? ended[0].State : JobState.Queued));
    }

    /// <summary>
    /// Writes the start of an orphan before its handler runs, so that a job that kills its process is found out.
    /// </summary>
    private async ValueTask<bool> RecordAheadAsync()
    {
        var (worker, leases) = (services.Worker, services.Leases);
        var start = new JobStart(Token, Message.Id, worker.Time.GetUtcNow(), Ahead: true);
        var isWritten = false;
        while (!isWritten && leases.IsTrusted(held))
        {
            try
            {
                if (!(await worker.Storage.Store.RecordStartsAsync([start], worker.Stopped))[0])
                {
                    break;
                }

                isWritten = true;
            }
            catch (StorageException error) when (error.IsTransient)
            {
                worker.Report.LoopFault("start", error);
                await Task.Delay(StartRetryPause, worker.Time, worker.Stopped);
            }
        }

        if (!isWritten)
        {
            Drop();
            return false;
        }

        if (leases.IsTrusted(held))
        {
            if (!IsRevoked)
            {
                return true;
            }

            // The job was cancelled while the storage wrote the start.
            await EndUnseenAsync(new AttemptEnding(AttemptEnd.Cancelled));
            return false;
        }

        // Released, the start that was written for nothing does not count as a death.
        worker.Report.Dropped(Message);
        await leases.ReleaseStartedAsync(Token, worker.Report, worker.Stopped);
        return false;
    }

    private void Drop()
    {
        services.Worker.Report.Dropped(Message);
        services.Leases.Remove(Token);
    }
}
