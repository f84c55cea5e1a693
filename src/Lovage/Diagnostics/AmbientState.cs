namespace Lovage.Diagnostics;

/// <summary>
/// Starts work that outlives its caller without the caller's ambient state: trace, culture and the values of
/// <see cref="AsyncLocal{T}"/>, such as a request.
/// </summary>
internal static class AmbientState
{
    /// <summary>Starts the work on the calling thread, where it runs until its first wait.</summary>
    /// <param name="state">What the work gets.</param>
    /// <param name="start">Starts it.</param>
    internal static TTask Without<TState, TTask>(TState state, Func<TState, TTask> start)
        where TTask : Task
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return start(state);
        }

        using (ExecutionContext.SuppressFlow())
        {
            return start(state);
        }
    }

    /// <summary>Makes a timer that is not set.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="state">What the callback gets.</param>
    /// <param name="callback">Called when the timer is due.</param>
    internal static ITimer Timer(TimeProvider time, object state, TimerCallback callback)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return Make();
        }

        using (ExecutionContext.SuppressFlow())
        {
            return Make();
        }

        ITimer Make() => time.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
