using System.Diagnostics;

namespace Lovage.Spawning;

/// <summary>
/// The tasks of one request, in their order. The request adds them while it runs. They run once its response has gone
/// out, or they are dropped.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class AfterResponseTasks(LocalRunner runner, LocalJobs jobs)
{
    private readonly Lock _lock = new();
    private LocalEntry? _last;
    private Activity? _activity;
    private bool _isClosed;

    /// <summary>The first task, which leads to the others. Once closed they change no more.</summary>
    internal LocalEntry? First { get; private set; }

    /// <summary>The request's span, which the tasks' spans belong to; null for none.</summary>
    internal Activity? Activity => _activity;

    internal void Add(string name, LocalCall call)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var entry = runner.Accept(TaskKind.AfterResponse, name);
        entry.Call = call;
        lock (_lock)
        {
            if (!_isClosed)
            {
                if (_last is null)
                {
                    First = entry;
                    _activity = Activity.Current;
                }
                else
                {
                    _last.NextOfRequest = entry;
                }

                _last = entry;
                return;
            }
        }

        runner.Leave(entry);
        throw new InvalidOperationException(
            $"Task '{name}' came too late: the response of its request has gone out. Add it before, or use "
                + "TaskSpawner, which is bound to no request.");
    }

    internal void Add(Job job, IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.Delay is not null || job.At is not null)
        {
            throw new ArgumentException(
                $"Job '{job.Name}' has a delay, and a task after the response starts at once. Spawn it, or enqueue it.",
                nameof(job));
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
            runner.Drop(this, reason);
        }
    }

    private bool TryClose()
    {
        lock (_lock)
        {
            var isFirst = !_isClosed;
            _isClosed = true;
            return isFirst && First is not null;
        }
    }
}
