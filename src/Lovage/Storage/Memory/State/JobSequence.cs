namespace Lovage.Storage.Memory.State;

/// <summary>Jobs in the order in which they were accepted, the order of pages. Needs the state's lock.</summary>
internal sealed class JobSequence
{
    private readonly List<MemoryJob> _jobs = [];
    private int _pruned;

    /// <summary>True once all its jobs are gone.</summary>
    public bool IsEmpty => _jobs.Count == 0;

    public void Add(MemoryJob job) => _jobs.Add(job);

    /// <summary>Newest first, from before the number given.</summary>
    public IEnumerable<MemoryJob> NewestFirst(long before)
    {
        var low = 0;
        var high = _jobs.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_jobs[middle].Number < before)
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
            if (!_jobs[i].IsPruned)
            {
                yield return _jobs[i];
            }
        }
    }

    /// <summary>One of its jobs is pruned. Places are freed once half of them are, so that each costs little.</summary>
    public void Pruned()
    {
        if (++_pruned > _jobs.Count / 2)
        {
            _jobs.RemoveAll(static job => job.IsPruned);
            _pruned = 0;
        }
    }
}
