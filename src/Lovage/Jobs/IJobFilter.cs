namespace Lovage;

/// <summary>
/// Code around enqueuing and around running: tenant, user, culture, unit of work. The container builds filters. They
/// run in the order of their registration; the first is outermost. The app's filters run outside a job's own. Call
/// <c>next</c> once to go on; throw to refuse or to fail.
/// </summary>
public interface IJobFilter
{
    /// <summary>Around enqueuing, in the caller's process, before anything is written. Goes on by default.</summary>
    /// <remarks>
    /// The filter's services are the caller's: those of the scope that gave the client, or of the request. A scope made
    /// by hand does not wait for a job that is spawned in it, so the filters of that job get a scope of their own.
    /// </remarks>
    /// <param name="context">The job, which may be replaced.</param>
    /// <param name="next">The rest.</param>
    ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        return next();
    }

    /// <summary>Around each attempt, inside the attempt's own scope. Goes on by default.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="next">The rest.</param>
    ValueTask OnRunAsync(JobRunContext context, Func<ValueTask> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        return next();
    }
}

/// <summary>A job that is about to be enqueued.</summary>
/// <param name="job">The job as the caller gave it.</param>
public sealed class JobEnqueueContext(Job job)
{
    /// <summary>The job; a filter may put another in its place, with more headers or another queue.</summary>
    public Job Job { get; set; } = job;
}

/// <summary>An attempt that is about to run.</summary>
/// <param name="job">What the handler sees.</param>
/// <param name="services">The attempt's own scope.</param>
public sealed class JobRunContext(JobContext job, IServiceProvider services)
{
    /// <summary>What the handler sees.</summary>
    public JobContext Job { get; } = job;

    /// <summary>The attempt's own scope.</summary>
    public IServiceProvider Services { get; } = services;
}
