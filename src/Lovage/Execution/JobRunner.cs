using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Execution;

/// <summary>
/// Calls the handler of a job within its filters, and reads what its exception means. Knows nothing of storages, leases
/// or loops.
/// </summary>
internal sealed class JobRunner(ImmutableArray<Type> filters)
{
    /// <summary>Runs. Never throws.</summary>
    internal ValueTask<AttemptEnding> RunAsync(JobAttempt attempt)
    {
        // The common case has neither filters nor an await, and then costs no state machine on the heap.
        if (filters.IsEmpty && attempt.Definition.Filters.IsEmpty)
        {
            return InvokeAsync(attempt, static a => a.Definition.Invoke(a));
        }

        return InvokeAsync(attempt, RunFilteredAsync);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a handler throws is the outcome of its attempt.")]
    private static async ValueTask<AttemptEnding> InvokeAsync(JobAttempt attempt, Func<JobAttempt, ValueTask> run)
    {
        AttemptEnding ending;

        // This method's own flow: it is as it was when the method returns.
        JobAttempt.Current = attempt;
        try
        {
            await Call(attempt, run);
            ending = new AttemptEnding(AttemptEnd.Succeeded);
        }
        catch (Exception error)
        {
            ending = Read(attempt, error);
        }

        if (attempt.HasScope)
        {
            try
            {
                await attempt.DisposeAsync();
            }
            catch (Exception error)
            {
                // A unit of work that fails to commit on dispose is a failed attempt.
                ending = ending.End == AttemptEnd.Succeeded ? Read(attempt, error) : ending;
            }
        }

        return ending;
    }

    private static ValueTask Call(JobAttempt attempt, Func<JobAttempt, ValueTask> run)
    {
        attempt.HoldsThread = true;
        try
        {
            return run(attempt);
        }
        finally
        {
            attempt.HoldsThread = false;
        }
    }

    private async ValueTask RunFilteredAsync(JobAttempt attempt)
    {
        Type[] chain = [.. filters, .. attempt.Definition.Filters];
        var context = new JobRunContext(attempt.Context, attempt.Services);
        var ran = false;
        await StepAsync(0);
        if (!ran)
        {
            throw new InvalidOperationException(
                $"A filter around job '{attempt.Context.Name}' returned without calling next. To refuse a job, throw.");
        }

        ValueTask StepAsync(int index)
        {
            if (index == chain.Length)
            {
                if (ran)
                {
                    throw new InvalidOperationException(
                        $"A filter around job '{attempt.Context.Name}' called next twice. Call it once.");
                }

                ran = true;
                return attempt.Definition.Invoke(attempt);
            }

            var filter = (IJobFilter)attempt.Services.GetRequiredService(chain[index]);
            return filter.OnRunAsync(context, () => StepAsync(index + 1));
        }
    }

    private static AttemptEnding Read(JobAttempt attempt, Exception error)
    {
        foreach (var one in HandlerErrors.Of(error))
        {
            switch (one)
            {
                case LeaseLostException lost when lost.Id == attempt.Context.Id:
                    return new(AttemptEnd.Interrupted, HandlerErrors.Unwrap(error));
                case BadArgumentsException bad when bad.Job == attempt.Context.Name:
                    return new(AttemptEnd.BadArguments, HandlerErrors.Unwrap(error));
            }
        }

        return AttemptEnding.Read(error, attempt.CancellationReason, attempt.RetryPolicy);
    }
}
