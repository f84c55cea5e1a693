namespace Lovage.Storage.Memory.State;

/// <summary>A place in a queue. It is valid while the job's ticket is the same; the queue skips the others.</summary>
internal readonly record struct MemoryPlace(MemoryJob Job, long Ticket)
{
    public bool IsValid => Job.Ticket == Ticket;
}

/// <summary>Ready jobs of one queue, lane and priority in the order of their sequence.</summary>
internal sealed class MemoryLine
{
    // Sequences only grow, so that jobs that join stand in order by themselves; the few that return to the front are
    // sorted apart.
    private readonly Queue<MemoryPlace> _joined = new();
    private readonly PriorityQueue<MemoryPlace, long> _returned = new();

    public void Join(MemoryJob job) => _joined.Enqueue(new MemoryPlace(job, job.Ticket));

    public void Return(MemoryJob job) => _returned.Enqueue(new MemoryPlace(job, job.Ticket), job.Sequence);

    public MemoryJob? Peek() => Head(out _);

    public MemoryJob? Take()
    {
        var job = Head(out var isReturned);
        if (job is not null)
        {
            _ = isReturned ? _returned.Dequeue() : _joined.Dequeue();
        }

        return job;
    }

    /// <summary>All, in order, without taking them.</summary>
    public IEnumerable<MemoryJob> InOrder() =>
        _returned.UnorderedItems.Select(item => item.Element)
            .Concat(_joined)
            .Where(place => place.IsValid)
            .Select(place => place.Job)
            .OrderBy(job => job.Sequence);

    public void DropLeftOvers()
    {
        for (var i = _joined.Count; i > 0; i--)
        {
            var place = _joined.Dequeue();
            if (place.IsValid)
            {
                _joined.Enqueue(place);
            }
        }

        var kept = _returned.UnorderedItems.Where(item => item.Element.IsValid).ToArray();
        _returned.Clear();
        _returned.EnqueueRange(kept);
    }

    private MemoryJob? Head(out bool isReturned)
    {
        MemoryPlace joined;
        while (_joined.TryPeek(out joined) && !joined.IsValid)
        {
            _joined.Dequeue();
        }

        if (_returned.Count == 0)
        {
            isReturned = false;
            return joined.Job;
        }

        MemoryPlace returned;
        while (_returned.TryPeek(out returned, out _) && !returned.IsValid)
        {
            _returned.Dequeue();
        }

        isReturned = returned.Job is not null && (joined.Job is null || returned.Job.Sequence < joined.Job.Sequence);
        return isReturned ? returned.Job : joined.Job;
    }
}

/// <summary>
/// One queue: two lanes of ten priorities each, and the jobs that wait for their time. Touched under the state's lock
/// alone.
/// </summary>
internal sealed class MemoryQueue(string name)
{
    private const int PriorityMax = 9;
    private const int LeftOversMin = 1_024;

    private readonly MemoryLine?[] _ordinary = new MemoryLine?[PriorityMax + 1];
    private readonly MemoryLine?[] _orphans = new MemoryLine?[PriorityMax + 1];
    private readonly PriorityQueue<MemoryPlace, (DateTimeOffset Due, long Number)> _waiting = new();
    private int _leftOvers;

    public string Name { get; } = name;

    public long Ready { get; private set; }

    public long Scheduled { get; private set; }

    public long Claimed { get; set; }

    public string? PauseReason { get; set; }

    /// <summary>The ticket must be new.</summary>
    public void Join(MemoryJob job)
    {
        Ready++;
        Line(job).Join(job);
    }

    /// <summary>Back to the front: the job keeps its sequence. The ticket must be new.</summary>
    public void Return(MemoryJob job)
    {
        Ready++;
        Line(job).Return(job);
    }

    /// <summary>Until it is due. The ticket must be new.</summary>
    public void Wait(MemoryJob job)
    {
        Scheduled++;
        _waiting.Enqueue(new MemoryPlace(job, job.Ticket), (job.DueAt!.Value, job.Number));
    }

    public MemoryJob? TakeReady(bool orphans)
    {
        foreach (var line in orphans ? _orphans : _ordinary)
        {
            if (line?.Take() is { } job)
            {
                Ready--;
                job.Ticket = 0;
                return job;
            }
        }

        return null;
    }

    /// <summary>The next that is due by now, or null.</summary>
    public MemoryJob? TakeDue(DateTimeOffset now)
    {
        if (NextDue() is not { } due || due > now)
        {
            return null;
        }

        var job = _waiting.Dequeue().Job;
        Scheduled--;
        job.Ticket = 0;
        return job;
    }

    public DateTimeOffset? NextDue()
    {
        while (_waiting.TryPeek(out var place, out var key))
        {
            if (place.IsValid)
            {
                return key.Due;
            }

            _waiting.Dequeue();
        }

        return null;
    }

    /// <summary>Out of the middle: its place becomes a left-over.</summary>
    public void Leave(MemoryJob job)
    {
        if (job.State == JobState.Queued)
        {
            Ready--;
        }
        else
        {
            Scheduled--;
        }

        job.Ticket = 0;
        if (++_leftOvers > LeftOversMin && _leftOvers > Ready + Scheduled)
        {
            DropLeftOvers();
        }
    }

    public DateTimeOffset? OldestReady()
    {
        DateTimeOffset? oldest = null;
        foreach (var line in _orphans.Concat(_ordinary))
        {
            if (line?.Peek() is { } job && (oldest is null || job.ReadyAt < oldest))
            {
                oldest = job.ReadyAt;
            }
        }

        return oldest;
    }

    /// <summary>Those that wait, in the order of their due times.</summary>
    public IEnumerable<MemoryJob> Delayed() => _waiting.UnorderedItems
        .Where(static item => item.Element.IsValid)
        .OrderBy(static item => item.Priority)
        .Select(static item => item.Element.Job);

    public IEnumerable<MemoryJob> InOrder() =>
        _orphans.Concat(_ordinary).Where(line => line is not null).SelectMany(line => line!.InOrder());

    private MemoryLine Line(MemoryJob job)
    {
        var lane = job.IsOrphan ? _orphans : _ordinary;
        return lane[Math.Clamp(job.Message.Priority, 0, PriorityMax)] ??= new MemoryLine();
    }

    private void DropLeftOvers()
    {
        _leftOvers = 0;
        foreach (var line in _orphans.Concat(_ordinary))
        {
            line?.DropLeftOvers();
        }

        var kept = _waiting.UnorderedItems.Where(item => item.Element.IsValid).ToArray();
        _waiting.Clear();
        _waiting.EnqueueRange(kept);
    }
}
