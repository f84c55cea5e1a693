using System.Diagnostics;

namespace Lovage.Spawning;

/// <summary>
/// The tasks of one request, in their order. The request adds them while it runs. They run once its response has gone
/// out, or they are dropped.
/// </summary>
/// <remarks>
/// Safe for use by several threads. The request itself is looked at under the lock and only while the list is open: a
/// server gives the object of a request that has ended to the next one.
/// </remarks>
internal abstract class AfterResponseTasks(LocalRunner runner, LocalJobs jobs)
{
    /// <summary>Why the tasks of a request that threw are dropped.</summary>
    internal const string Threw = "their request ended in an exception";

    private readonly Lock _lock = new();
    private LocalEntry? _last;
    private Activity? _activity;
    private bool _isClosed;

    /// <summary>The first task, which leads to the others. Once closed they change no more.</summary>
    internal LocalEntry? First { get; private set; }

    /// <summary>The request's span, which the tasks' spans belong to; null for none.</summary>
    internal Activity? Activity => _activity;

    /// <summary>The services of the request; null for none.</summary>
    protected virtual IServiceProvider? Services => null;

    internal void Add(string name, LocalCall call)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Meet(name, asksServices: false);
        Take(name, call);
    }

    internal void Add(Job job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.Delay is not null || job.At is not null)
        {
            throw new ArgumentException(
                $"Job '{job.Name}' has a delay, and a task after the response starts at once. Spawn it, or enqueue it.",
                nameof(job));
        }

        Take(job.Name, jobs.Once(job, Meet(job.Name, asksServices: true)));
    }

    /// <summary>
    /// The response has gone out: the tasks start, away from the request's own flow, but those that were there when the
    /// request failed.
    /// </summary>
    internal void Start()
    {
        LocalEntry? failed;
        bool hasTasks;
        lock (_lock)
        {
            failed = _isClosed || !HasFailed() ? null : Clear();
            hasTasks = !_isClosed && First is not null;
            _isClosed = true;
        }

        Drop(failed, Threw);
        if (hasTasks)
        {
            runner.Run(this);
        }
    }

    /// <summary>The request has failed and is over: none of them runs.</summary>
    internal void Drop(string reason)
    {
        LocalEntry? failed;
        lock (_lock)
        {
            failed = _isClosed ? null : Clear();
            _isClosed = true;
        }

        Drop(failed, reason);
    }

    /// <summary>The request has failed, and the app answers it: its answer may still add tasks.</summary>
    internal void DropFailed()
    {
        LocalEntry? failed;
        lock (_lock)
        {
            _ = !_isClosed && HasFailed();
            failed = _isClosed ? null : Clear();
        }

        Drop(failed, Threw);
    }

    /// <summary>Throws when the request can take no task of this name.</summary>
    protected virtual void Check(string name)
    {
    }

    /// <summary>True at the first look after the request has failed, and again when its answer has failed.</summary>
    protected virtual bool HasFailed() => false;

    /// <summary>Looks at the request before it gets a task.</summary>
    private IServiceProvider? Meet(string name, bool asksServices)
    {
        LocalEntry? failed;
        IServiceProvider? services;
        lock (_lock)
        {
            if (_isClosed)
            {
                throw TooLate(name);
            }

            Check(name);
            failed = HasFailed() ? Clear() : null;
            services = asksServices ? Services : null;
        }

        Drop(failed, Threw);
        return services;
    }

    private void Take(string name, LocalCall call)
    {
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
        throw TooLate(name);
    }

    private LocalEntry? Clear()
    {
        var first = First;
        (First, _last) = (null, null);
        return first;
    }

    private void Drop(LocalEntry? first, string reason)
    {
        if (first is not null)
        {
            runner.Drop(first, reason);
        }
    }

    private static InvalidOperationException TooLate(string name) => new(
        $"Task '{name}' came too late: the response of its request has gone out. Add it before, or use TaskSpawner, "
            + "which is bound to no request.");
}
