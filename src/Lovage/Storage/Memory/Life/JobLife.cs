using Lovage.Protocol;
using Lovage.Storage.Memory.State;
using Lovage.Storage.Plans;

namespace Lovage.Storage.Memory.Life;

/// <summary>
/// The five verbs of a job's life: place, claim, end a claim, keep an attempt, end a job. An operation that moves
/// a job is composed of them. Needs the state's lock.
/// </summary>
internal sealed class JobLife(MemoryState state)
{
    /// <summary>Stores a message and gives its job a place.</summary>
    internal PublishResult Publish(JobMessage message, DateTimeOffset now)
    {
        if (state.TryFind(message.Id, out var known))
        {
            var isSame = known.Message.Name == message.Name
                && known.Message.Body.Span.SequenceEqual(message.Body.Span);
            return new(isSame ? PublishStatus.AlreadyKnown : PublishStatus.IdConflict, message.Id, known.State);
        }

        if (message.ExpiresIn is { } span)
        {
            message = message with { Expires = now + span, ExpiresIn = null };
        }

        var job = state.Add(message, now);
        if (MessageColumns.DueAt(message, StorageTime.From(now)) is { } due)
        {
            PlaceDelayed(job, StorageTime.To(due), JobState.Scheduled);
        }
        else
        {
            PlaceBack(job, now);
        }

        return new(PublishStatus.Accepted, message.Id, job.State);
    }

    /// <summary>Makes due jobs of a queue ready: they join the back in the order of their due times.</summary>
    internal void Promote(MemoryQueue queue, DateTimeOffset now)
    {
        while (queue.TakeDue(now) is { } job)
        {
            PlaceBack(job, job.DueAt!.Value);
        }
    }

    /// <summary>Place: at the back of its queue.</summary>
    internal void PlaceBack(MemoryJob job, DateTimeOffset readyAt)
    {
        job.State = JobState.Queued;
        job.Sequence = state.NextSequence();
        job.ReadyAt = readyAt;
        job.Ticket = state.NextTicket();
        job.Queue.Join(job);
    }

    /// <summary>Place: at the front of its queue, where its sequence puts it.</summary>
    internal void PlaceFront(MemoryJob job)
    {
        ForgetProgress(job);
        job.State = JobState.Queued;
        job.Ticket = state.NextTicket();
        job.Queue.Return(job);
    }

    /// <summary>Place: where it waits until it is due.</summary>
    internal void PlaceDelayed(MemoryJob job, DateTimeOffset due, JobState waiting)
    {
        job.State = waiting;
        job.DueAt = due;
        job.Ticket = state.NextTicket();
        job.Queue.Wait(job);
    }

    /// <summary>Claim: lends a job that its queue has given up.</summary>
    internal Delivery Claim(MemoryJob job, string owner, long leaseEnds, DateTimeOffset now)
    {
        job.Stamp = state.NextStamp();
        job.LeaseEnds = leaseEnds;
        job.Owner = owner;
        state.AddClaim(job);
        job.Queue.Claimed++;
        return new Delivery
        {
            Message = job.Message,
            Token = new LeaseToken(job.Number, job.Stamp),
            EnqueuedAt = job.EnqueuedAt,
            ReadyAt = job.ReadyAt,
            ClaimedAt = now,
            IsOrphan = job.IsOrphan,
            IsExpired = job.Message.Expires <= now,
            AttemptsSoFar = job.Attempts,
            Offers = job.Offers,
        };
    }

    /// <summary>End a claim: what follows decides where the job goes.</summary>
    internal void EndClaim(MemoryJob job)
    {
        state.RemoveClaim(job);
        job.Queue.Claimed--;
        job.Stamp = 0;
        job.Owner = null;
        job.HasStarted = false;
        job.HasStartedAhead = false;
    }

    /// <summary>Keep an attempt: the outcome that its worker wrote.</summary>
    internal void KeepAttempt(MemoryJob job, AttemptRecord attempt, DateTimeOffset now)
    {
        var measures = AttemptMeasures.Of(attempt, job.Message.Name);
        job.Counter.Measured(measures, now);
        if (measures.Fingerprint is { } fingerprint)
        {
            job.Fingerprint = state.Failures.Add(fingerprint, job, attempt.Error!, now);
        }

        if (!job.HasStarted)
        {
            job.Attempts++;
        }

        job.StartedAt = attempt.StartedAt;
        job.Worker = attempt.Worker;
        job.Error = attempt.Error ?? job.Error;
        ForgetOffers(job);
        job.Remember(attempt);
    }

    /// <summary>
    /// Keep an attempt: one that ends without an outcome of its own, when its start is known. Comes before the end of
    /// the claim.
    /// </summary>
    internal static void KeepLostAttempt(MemoryJob job, AttemptEnd end, DateTimeOffset now)
    {
        if (!job.HasStarted)
        {
            return;
        }

        var startedAt = job.StartedAt ?? now;
        job.Remember(new AttemptRecord
        {
            Number = job.Attempts,
            End = end,
            StartedAt = startedAt,
            Duration = now > startedAt ? now - startedAt : TimeSpan.Zero,
            Worker = job.Owner ?? "",
        });
    }

    /// <summary>End a job.</summary>
    internal EndedJob EndJob(MemoryJob job, JobState ended, string? reason, DateTimeOffset now)
    {
        job.State = ended;
        job.Reason = reason;
        job.FinishedAt = now;
        job.CancelRequested = false;
        job.Counter.Ended(ended, now);
        state.Archive.Ended(job);
        return new EndedJob(job.Message.Id, job.Message.Name, ended, reason);
    }

    internal static void ForgetProgress(MemoryJob job)
    {
        job.Progress = null;
        job.ProgressMessage = null;
    }

    /// <summary>A start, or a person, makes earlier offers worth nothing.</summary>
    internal static void ForgetOffers(MemoryJob job)
    {
        job.Offers = 0;
        job.FirstOfferAt = null;
        job.Asked = null;
    }
}
