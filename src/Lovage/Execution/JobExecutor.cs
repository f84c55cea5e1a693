namespace Lovage.Execution;

/// <summary>
/// What happens to one attempt, written once: admit, record the start, open a scope and call the handler, find out what
/// became of its transaction, decide, hand on, tell. The slots of a worker, the test kit and the tasks of this process
/// all use it; each fills in the steps in which it differs (<see cref="AttemptRun"/>).
/// </summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
internal sealed class JobExecutor(TimeProvider time)
{
    /// <summary>Runs one attempt to its end.</summary>
    /// <returns>False when the worker gave up on it meanwhile, and has ended it.</returns>
    internal async ValueTask<bool> RunAsync(AttemptRun run)
    {
        if (!await run.AdmitAsync() || !await run.RecordStartAsync())
        {
            return true;
        }

        // The span is this flow's current activity until this method returns.
        run.Begin(time);
        run.TellStarted();
        var ending = await run.InvokeAsync();
        if (!run.TryEnd())
        {
            return false;
        }

        await EndAsync(run, ending, time.GetElapsedTime(run.StartedTimestamp));
        return true;
    }

    /// <summary>The second half of the pipe, from the end of the handler on.</summary>
    internal static async ValueTask EndAsync(AttemptRun run, AttemptEnding ending, TimeSpan duration)
    {
        run.Close(await run.SettleFateAsync(ending), duration);
        run.TellEnded();
        run.Decide();
        await run.HandOnAsync();
    }
}
