using Lovage.Storage.Plans;

namespace Lovage.Storage.Memory.State;

/// <summary>Failed attempts by their cause. Needs the state's lock.</summary>
internal sealed class MemoryFailures
{
    private readonly Dictionary<string, MemoryFailure> _groups = new(StringComparer.Ordinal);

    /// <summary>Counts a failed attempt.</summary>
    /// <returns>The fingerprint as one text for all jobs of the group.</returns>
    public string Add(string fingerprint, MemoryJob job, JobError error, DateTimeOffset now)
    {
        if (!_groups.TryGetValue(fingerprint, out var group))
        {
            _groups.Add(fingerprint, group = new MemoryFailure(fingerprint, job.Message.Name, now));
        }

        group.Add(error, job.Message.Id, now);
        return group.Fingerprint;
    }

    public IEnumerable<FailureGroup> Groups(FailureQuery query, DateTimeOffset now) => _groups.Values
        .Where(group => (query.Since is null || group.LastAt >= query.Since)
            && (query.Fingerprint is null || group.Fingerprint == query.Fingerprint)
            && (query.Name is null || group.Name == query.Name))
        .OrderByDescending(static group => group.LastAt)
        .ThenBy(static group => group.Fingerprint, StringComparer.Ordinal)
        .Take(query.Limit)
        .Select(group => group.ToGroup(now));

    public void Forget(DateTimeOffset now)
    {
        foreach (var (fingerprint, group) in _groups)
        {
            if (now - group.LastAt > JobHistory.FailuresKept)
            {
                _groups.Remove(fingerprint);
            }
            else
            {
                group.Forget(FailureWindows.OldestStep(StorageTime.From(now)));
            }
        }
    }
}

/// <summary>Failed attempts of one cause.</summary>
internal sealed class MemoryFailure(string fingerprint, string name, DateTimeOffset firstAt)
{
    private readonly SortedDictionary<long, long> _steps = [];
    private JobError? _error;
    private JobId _sample;

    public string Fingerprint { get; } = fingerprint;

    public string Name { get; } = name;

    public DateTimeOffset FirstAt { get; } = firstAt;

    public DateTimeOffset LastAt { get; private set; }

    public void Add(JobError error, JobId job, DateTimeOffset now)
    {
        (_error, _sample, LastAt) = (error, job, now);
        var step = FailureWindows.StepOf(StorageTime.From(now));
        _steps[step] = _steps.GetValueOrDefault(step) + 1;
    }

    public void Forget(long before)
    {
        while (_steps.Count > 0 && _steps.First() is var (step, _) && step < before)
        {
            _steps.Remove(step);
        }
    }

    public FailureGroup ToGroup(DateTimeOffset now)
    {
        var windows = FailureWindows.Of(_steps.Select(static s => (s.Key, s.Value)), StorageTime.From(now));
        return new FailureGroup
        {
            Fingerprint = Fingerprint,
            Name = Name,
            Error = _error!,
            Sample = _sample,
            FirstAt = FirstAt.ToUniversalTime(),
            LastAt = LastAt.ToUniversalTime(),
            LastHour = windows.LastHour,
            LastDay = windows.LastDay,
            LastWeek = windows.LastWeek,
            Hours = windows.Hours,
        };
    }
}
