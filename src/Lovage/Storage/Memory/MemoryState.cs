using System.Diagnostics.CodeAnalysis;
using Lovage.Protocol;

namespace Lovage.Storage.Memory;

/// <summary>
/// All that a memory storage holds, and the steps a job can take. One lock guards everything; every method here needs
/// it.
/// </summary>
internal sealed class MemoryState(TimeProvider time)
{
    private readonly Dictionary<JobId, MemoryJob> _jobs = [];
    private readonly Dictionary<long, MemoryJob> _claims = [];
    private readonly Dictionary<string, MemoryQueue> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Queue, string Name), MemoryCounter> _counters = [];
    private long _number;
    private long _stamp;
    private long _sequence;
    private long _ticket;

    public Lock Gate { get; } = new();

    public MemoryArchive Archive { get; } = new();

    /// <summary>Set once a broker apart from this storage delivers its jobs.</summary>
    public MemoryOutbox? Outbox { get; set; }

    public IReadOnlyCollection<MemoryQueue> Queues => _queues.Values;

    public IReadOnlyCollection<MemoryCounter> Counters => _counters.Values;

    public IReadOnlyCollection<MemoryJob> Claims => _claims.Values;

    /// <summary>The wall clock: due times, expiry and what is shown.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The monotonic clock, which leases live by.</summary>
    public long Timestamp => time.GetTimestamp();

    public long TimestampAfter(TimeSpan lease) =>
        time.GetTimestamp() + (long)(lease.TotalSeconds * time.TimestampFrequency);

    public MemoryQueue Queue(string name)
    {
        if (!_queues.TryGetValue(name, out var queue))
        {
            _queues.Add(name, queue = new MemoryQueue(name));
        }

        return queue;
    }

    public bool TryFind(JobId id, [NotNullWhen(true)] out MemoryJob? job) => _jobs.TryGetValue(id, out job);

    public bool TryFindClaim(LeaseToken token, [NotNullWhen(true)] out MemoryJob? job) =>
        _claims.TryGetValue(token.Stamp, out job) && job.Number == token.Claim;

    public PublishStatus Publish(JobMessage message, DateTimeOffset now)
    {
        if (_jobs.TryGetValue(message.Id, out var known))
        {
            return known.Message.Name == message.Name && known.Message.Body.Span.SequenceEqual(message.Body.Span)
                ? PublishStatus.AlreadyKnown
                : PublishStatus.IdConflict;
        }

        var job = new MemoryJob(++_number, message, Queue(message.Queue), Counter(message), now);
        _jobs.Add(message.Id, job);
        Archive.Add(job);
        job.Counter.Enqueued++;
        var due = message.Delay > TimeSpan.Zero ? now + message.Delay : now;
        if (message.Eta > due)
        {
            due = message.Eta.Value;
        }

        if (due > now)
        {
            Wait(job, due, JobState.Scheduled);
        }
        else
        {
            Join(job, now);
        }

        Outbox?.Add(job);
        return PublishStatus.Accepted;
    }

    /// <summary>
    /// Those of the queues that are not paused, their due jobs made ready, and how long until the next is due.
    /// </summary>
    public (List<MemoryQueue> Queues, TimeSpan? NextDue) Open(IReadOnlyList<string> names, DateTimeOffset now)
    {
        var open = new List<MemoryQueue>(names.Count);
        DateTimeOffset? nextDue = null;
        foreach (var name in names)
        {
            var queue = Queue(name);
            if (queue.PauseReason is null)
            {
                Promote(queue, now);
                open.Add(queue);
                nextDue = queue.NextDue() is { } due && !(due >= nextDue) ? due : nextDue;
            }
        }

        return (open, nextDue - now);
    }

    /// <summary>Makes due jobs of a queue ready: they join the back in the order of their due times.</summary>
    public void Promote(MemoryQueue queue, DateTimeOffset now)
    {
        while (queue.TakeDue(now) is { } job)
        {
            Join(job, job.DueAt!.Value);
        }
    }

    public Delivery Claim(MemoryJob job, string owner, long leaseEnds, DateTimeOffset now)
    {
        job.Stamp = ++_stamp;
        job.LeaseEnds = leaseEnds;
        job.Owner = owner;
        _claims.Add(job.Stamp, job);
        job.Queue.Claimed++;
        return new Delivery
        {
            Message = job.Message,
            Token = new LeaseToken(job.Number, job.Stamp),
            EnqueuedAt = job.EnqueuedAt,
            ReadyAt = job.ReadyAt,
            ClaimedAt = now,
            StartFirst = job.IsReclaimed,
            IsExpired = job.Message.Expires <= now,
            AttemptsSoFar = job.Attempts,
        };
    }

    /// <summary>Ends a claim; what follows decides where the job goes.</summary>
    public void Unclaim(MemoryJob job)
    {
        _claims.Remove(job.Stamp);
        job.Queue.Claimed--;
        job.Stamp = 0;
        job.Owner = null;
        job.HasStarted = false;
        job.HasStartedAhead = false;
    }

    /// <summary>To the back of its queue.</summary>
    public void Join(MemoryJob job, DateTimeOffset readyAt)
    {
        job.State = JobState.Queued;
        job.Sequence = ++_sequence;
        job.ReadyAt = readyAt;
        job.Ticket = ++_ticket;
        job.Queue.Join(job);
    }

    /// <summary>To the front of its queue, or to its end when it is to be cancelled.</summary>
    /// <returns>False when it was cancelled instead.</returns>
    public bool Return(MemoryJob job, DateTimeOffset now)
    {
        ForgetProgress(job);
        if (job.CancelRequested)
        {
            End(job, JobState.Cancelled, job.CancelReason, now);
            return false;
        }

        job.State = JobState.Queued;
        job.Ticket = ++_ticket;
        job.Queue.Return(job);
        if (job.IsReclaimed)
        {
            // It is kept here until it is asked for: copies elsewhere are good for nothing.
            job.Copy = 0;
        }
        else if (job.Copy == 0)
        {
            Outbox?.Add(job);
        }

        return true;
    }

    /// <summary>
    /// Writes the attempt of a claim that ends without an outcome of its own, when its start is known.
    /// </summary>
    public static void RememberLostAttempt(MemoryJob job, AttemptEnd end, DateTimeOffset now)
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

    public void Wait(MemoryJob job, DateTimeOffset due, JobState state)
    {
        job.State = state;
        job.DueAt = due;
        job.Ticket = ++_ticket;
        job.Queue.Wait(job);
    }

    public void End(MemoryJob job, JobState state, string? reason, DateTimeOffset now)
    {
        job.State = state;
        job.Reason = reason;
        job.FinishedAt = now;
        job.CancelRequested = false;
        job.Counter.Ended(state);
        Archive.Ended(job);
    }

    /// <summary>Back into its queue as if it were new; its history stays.</summary>
    public void Restart(MemoryJob job, DateTimeOffset now)
    {
        Archive.Revived(job);
        job.Message = job.Message with
        {
            Retries = 0,
            Delay = TimeSpan.Zero,
            Eta = null,
            Expires = job.Message.Expires <= now ? null : job.Message.Expires,
        };
        job.IsReclaimed = false;
        job.Deaths = 0;
        job.DueAt = null;
        job.FinishedAt = null;
        job.Result = default;
        job.Error = null;
        job.Reason = null;
        job.CancelReason = null;
        ForgetProgress(job);
        job.Counter.Enqueued++;
        Join(job, now);
        Outbox?.Add(job);
    }

    public void Remove(MemoryJob job) => _jobs.Remove(job.Message.Id);

    public static void ForgetProgress(MemoryJob job)
    {
        job.Progress = null;
        job.ProgressMessage = null;
    }

    private MemoryCounter Counter(JobMessage message)
    {
        var key = (message.Queue, message.Name);
        if (!_counters.TryGetValue(key, out var counter))
        {
            _counters.Add(key, counter = new MemoryCounter(message.Queue, message.Name));
        }

        return counter;
    }
}
