using System.Diagnostics;

namespace Lovage.Spawning;

/// <summary>The tasks of one request, in their order. Filled while the request runs, then run once its response has gone out, or dropped.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class AfterResponseTasks(LocalRunner runner, LocalJobs jobs)
{
    private readonly Lock _lock = new();
    private List<(LocalEntry Entry, LocalCall Call)>? _more;
    private (LocalEntry Entry, LocalCall Call)? _first;
    private bool _isClosed;

    /// <summary>The request's trace, which the tasks' spans belong to.</summary>
    internal ActivityContext Trace { get; private set; }

    internal void Add(string name, LocalCall call)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var entry = runner.Accept(TaskKind.AfterResponse, name);
        lock (_lock)
        {
            if (!_isClosed)
            {
                if (_first is null)
                {
                    _first = (entry, call);
                    Trace = Activity.Current?.Context ?? default;
                }
                else
                {
                    (_more ??= []).Add((entry, call));
                }

                return;
            }
        }

        runner.Leave(entry);
        throw new InvalidOperationException($"Task '{name}' came too late: the response of its request has gone out. Add it before, or use TaskSpawner, which is bound to no request.");
    }

    internal void Add(Job job, IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.Delay is not null || job.At is not null)
        {
            throw new ArgumentException($"Job '{job.Name}' has a delay, and a task after the response starts at once. Spawn it, or enqueue it.", nameof(job));
        }

        Add(job.Name, jobs.Once(job, services));
    }

    /// <summary>The response has gone out: they start, away from the request's own flow.</summary>
    internal void Start()
    {
        if (TryClose())
        {
            runner.Run(this);
        }
    }

    /// <summary>The request has failed: none of them runs.</summary>
    internal void Drop(string reason)
    {
        if (TryClose())
        {
            runner.Drop(Take(), reason);
        }
    }

    /// <summary>All of them, once closed.</summary>
    internal IEnumerable<(LocalEntry Entry, LocalCall Call)> Take()
    {
        if (_first is { } first)
        {
            yield return first;
        }

        foreach (var next in _more ?? [])
        {
            yield return next;
        }
    }

    private bool TryClose()
    {
        lock (_lock)
        {
            var isFirst = !_isClosed;
            _isClosed = true;
            return isFirst && _first is not null;
        }
    }
}
