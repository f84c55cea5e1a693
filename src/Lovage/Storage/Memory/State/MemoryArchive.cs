namespace Lovage.Storage.Memory.State;

/// <summary>
/// Jobs in the order in which they were accepted, for pages, and in the order in which they ended, for pruning. Needs
/// the state's lock.
/// </summary>
internal sealed class MemoryArchive
{
    private readonly List<MemoryJob> _accepted = [];
    private readonly Queue<(MemoryJob Job, long End)> _finished = new();
    private readonly Queue<(MemoryJob Job, long End)> _dead = new();
    private long _end;
    private int _pruned;

    /// <summary>Ended jobs that are still kept.</summary>
    public long EndedCount { get; private set; }

    public void Add(MemoryJob job) => _accepted.Add(job);

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
    public IEnumerable<MemoryJob> NewestFirst(long before)
    {
        var low = 0;
        var high = _accepted.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_accepted[middle].Number < before)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        for (var i = low - 1; i >= 0; i--)
        {
            if (!_accepted[i].IsPruned)
            {
                yield return _accepted[i];
            }
        }
    }

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
        if (++_pruned > _accepted.Count / 2)
        {
            _accepted.RemoveAll(static j => j.IsPruned);
            _pruned = 0;
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
