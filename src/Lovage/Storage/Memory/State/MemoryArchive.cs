using Lovage.Storage.Plans;

namespace Lovage.Storage.Memory.State;

/// <summary>
/// Jobs in the order in which they were accepted, all of them and those of each mark, for pages, and in the order in
/// which they ended, for pruning. Needs the state's lock.
/// </summary>
internal sealed class MemoryArchive
{
    private readonly JobSequence _accepted = new();
    private readonly Dictionary<JobMark, JobSequence> _marked = [];
    private readonly Queue<(MemoryJob Job, long End)> _finished = new();
    private readonly Queue<(MemoryJob Job, long End)> _dead = new();
    private long _end;

    /// <summary>Ended jobs that are still kept.</summary>
    public long EndedCount { get; private set; }

    /// <summary>Marks of jobs that are kept.</summary>
    public int MarkCount => _marked.Count;

    public void Add(MemoryJob job)
    {
        _accepted.Add(job);
        foreach (var mark in JobMark.Of(job.Message))
        {
            if (!_marked.TryGetValue(mark, out var jobs))
            {
                _marked.Add(mark, jobs = new JobSequence());
            }

            jobs.Add(job);
        }
    }

    public void Ended(MemoryJob job)
    {
        job.EndNumber = ++_end;
        EndedCount++;
        (job.State == JobState.Dead ? _dead : _finished).Enqueue((job, job.EndNumber));
    }

    public void Revived(MemoryJob job)
    {
        job.EndNumber = 0;
        EndedCount--;
    }

    /// <summary>Takes out an ended job.</summary>
    public void Delete(MemoryJob job)
    {
        Revived(job);
        Forget(job);
    }

    /// <summary>Newest first, from before the number given.</summary>
    /// <param name="before">The number.</param>
    /// <param name="mark">Only jobs with this mark; null for all.</param>
    public IEnumerable<MemoryJob> NewestFirst(long before, JobMark? mark) =>
        mark is not { } wanted ? _accepted.NewestFirst(before)
        : _marked.TryGetValue(wanted, out var jobs) ? jobs.NewestFirst(before)
        : [];

    /// <summary>Takes out the next job that the policy does not keep; null when it keeps all.</summary>
    public MemoryJob? Prune(RetentionPolicy policy, DateTimeOffset now)
    {
        var finished = Oldest(_finished);
        var dead = Oldest(_dead);
        Queue<(MemoryJob Job, long End)>? from = null;
        if (EndedCount > policy.RowsMax)
        {
            from = dead is null || finished?.EndNumber < dead.EndNumber ? _finished : _dead;
        }
        else if (finished is not null && now - finished.FinishedAt!.Value > policy.Finished)
        {
            from = _finished;
        }
        else if (dead is not null && now - dead.FinishedAt!.Value > policy.Dead)
        {
            from = _dead;
        }

        if (from is null)
        {
            return null;
        }

        var job = from.Dequeue().Job;
        EndedCount--;
        Forget(job);
        return job;
    }

    private void Forget(MemoryJob job)
    {
        job.IsPruned = true;
        _accepted.Pruned();
        foreach (var mark in JobMark.Of(job.Message))
        {
            var jobs = _marked[mark];
            jobs.Pruned();
            if (jobs.IsEmpty)
            {
                _marked.Remove(mark);
            }
        }
    }

    private static MemoryJob? Oldest(Queue<(MemoryJob Job, long End)> ended)
    {
        while (ended.TryPeek(out var head))
        {
            if (head.Job.EndNumber == head.End)
            {
                return head.Job;
            }

            // It was put back into its queue since, or deleted.
            ended.Dequeue();
        }

        return null;
    }
}
