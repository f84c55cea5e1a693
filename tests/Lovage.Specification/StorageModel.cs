using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Specification;

/// <summary>What a job is in the model.</summary>
internal sealed class ModelJob(JobMessage message)
{
    public JobMessage Message { get; } = message;

    public int Priority { get; set; } = message.Priority;

    public JobState State { get; set; }

    public int Retries { get; set; }

    public int Deaths { get; set; }

    public int Attempts { get; set; }

    public int Offers { get; set; }

    public DateTimeOffset FirstOffer { get; set; }

    public long Sequence { get; set; }

    public DateTimeOffset Due { get; set; }

    public bool Orphan { get; set; }

    public string? Owner { get; set; }

    public DateTimeOffset LeaseEnds { get; set; }

    public bool Started { get; set; }

    public bool Ahead { get; set; }

    public bool CancelRequested { get; set; }
}

/// <summary>The rules of one queue, said as plainly as possible, to compare a storage with.</summary>
internal sealed class StorageModel
{
    private long _sequence;

    public List<ModelJob> Jobs { get; } = [];

    public IEnumerable<ModelJob> Held => Jobs.Where(job => job.Owner is not null);

    public bool HasDue(DateTimeOffset now) => Jobs.Any(job => IsDue(job, now));

    public void Publish(JobMessage message, DateTimeOffset now)
    {
        var job = new ModelJob(message);
        Jobs.Add(job);
        if (message.Delay > TimeSpan.Zero)
        {
            (job.State, job.Due) = (JobState.Scheduled, now + message.Delay);
        }
        else
        {
            Join(job);
        }
    }

    public IReadOnlyList<ModelJob> Receive(string owner, int max, DateTimeOffset leaseEnds, DateTimeOffset now)
    {
        foreach (var due in Jobs.Where(job => IsDue(job, now)).OrderBy(job => job.Due).ThenBy(Jobs.IndexOf).ToList())
        {
            Join(due);
        }

        return Claim(owner, max, orphans: false, leaseEnds);
    }

    public IReadOnlyList<ModelJob> ReceiveOrphan(string owner, DateTimeOffset leaseEnds) =>
        Claim(owner, 1, orphans: true, leaseEnds);

    public static void Start(ModelJob job, bool ahead)
    {
        job.Attempts += job.Started ? 0 : 1;
        job.Offers = job.Started ? job.Offers : 0;
        (job.Started, job.State, job.Ahead) = (true, JobState.Running, job.Ahead || ahead);
    }

    public static void Settle(ModelJob job, JobDecision decision, DateTimeOffset due)
    {
        job.Attempts += job.Started ? 0 : 1;
        (job.Orphan, job.Offers) = (false, 0);
        Unclaim(job);
        job.State = JobLifecycle.After(decision, job.State);
        if (decision == JobDecision.Retry)
        {
            job.Retries++;
            job.Due = due;
            CancelIfAsked(job);
        }

        job.CancelRequested = false;
    }

    public static void Release(ModelJob job)
    {
        Unclaim(job);
        job.State = JobState.Queued;
        CancelIfAsked(job);
    }

    public static void Decline(ModelJob job, DateTimeOffset due, TimeSpan limit, DateTimeOffset now)
    {
        Unclaim(job);
        job.Orphan = false;
        if (job.CancelRequested)
        {
            CancelIfAsked(job);
            return;
        }

        job.FirstOffer = job.Offers++ == 0 ? now : job.FirstOffer;
        (job.State, job.Due) = (now - job.FirstOffer >= limit ? JobState.Dead : JobState.Scheduled, due);
    }

    public void Reclaim(string? dead, DateTimeOffset now)
    {
        foreach (var job in Held.Where(job => job.Owner == dead || job.LeaseEnds <= now).ToList())
        {
            job.Deaths += job.Ahead ? 1 : 0;
            var buried = job.Deaths >= JobLifecycle.DeathsMax;
            Unclaim(job);
            job.Orphan = true;
            job.State = buried ? JobState.Dead : JobState.Queued;
            if (!buried)
            {
                CancelIfAsked(job);
            }

            job.CancelRequested = false;
        }
    }

    public static void Cancel(ModelJob job)
    {
        if (job.Owner is not null)
        {
            job.CancelRequested = true;
        }
        else if (!job.State.IsFinal)
        {
            job.State = JobState.Cancelled;
        }
    }

    public void Requeue(ModelJob job)
    {
        if (job.State.IsFinal)
        {
            (job.Retries, job.Deaths, job.Offers, job.Orphan) = (0, 0, 0, false);
            Join(job);
        }
    }

    /// <returns>Those that were purged.</returns>
    public IReadOnlyList<ModelJob> Purge()
    {
        var purged = Jobs.Where(job => job.Owner is null && !job.State.IsFinal).ToList();
        purged.ForEach(Cancel);
        return purged;
    }

    /// <returns>True when it was done.</returns>
    public bool RunNow(ModelJob job)
    {
        var isDelayed = job.State is JobState.Scheduled or JobState.Retrying && job.Owner is null;
        if (isDelayed)
        {
            Join(job);
        }

        return isDelayed;
    }

    /// <returns>True when it was done.</returns>
    public bool Move(ModelJob job, int priority)
    {
        if (job.Owner is not null || job.State.IsFinal)
        {
            return false;
        }

        job.Priority = priority;
        if (job.State == JobState.Queued)
        {
            Join(job);
        }

        return true;
    }

    /// <returns>True when it was done.</returns>
    public bool Delete(ModelJob job) => job.State.IsFinal && Jobs.Remove(job);

    private List<ModelJob> Claim(string owner, int max, bool orphans, DateTimeOffset leaseEnds)
    {
        var taken = Jobs.Where(job => job.State == JobState.Queued && job.Owner is null && job.Orphan == orphans)
            .OrderBy(job => job.Priority)
            .ThenBy(job => job.Sequence)
            .Take(max)
            .ToList();
        taken.ForEach(job => (job.Owner, job.LeaseEnds) = (owner, leaseEnds));
        return taken;
    }

    private static bool IsDue(ModelJob job, DateTimeOffset now) =>
        job.State is JobState.Scheduled or JobState.Retrying && job.Due <= now;

    private void Join(ModelJob job) => (job.State, job.Sequence) = (JobState.Queued, ++_sequence);

    private static void Unclaim(ModelJob job) => (job.Owner, job.Started, job.Ahead) = (null, false, false);

    private static void CancelIfAsked(ModelJob job)
    {
        if (job.CancelRequested)
        {
            (job.State, job.CancelRequested) = (JobState.Cancelled, false);
        }
    }
}
