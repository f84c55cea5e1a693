using System.Collections.Immutable;

namespace Lovage;

/// <summary>Runs filters around enqueuing: the app's first, then the job's own, each built by the container.</summary>
internal static class EnqueueFilters
{
    /// <summary>Runs filters with a job in their midst.</summary>
    /// <param name="job">The job.</param>
    /// <param name="filters">Outermost first; at least one.</param>
    /// <param name="services">Builds them.</param>
    /// <param name="send">What is done with the job as the filters leave it.</param>
    /// <exception cref="InvalidOperationException">A filter is not registered, or one returned without calling next or
    /// called it twice.</exception>
    internal static async ValueTask RunAsync(
        Job job, ImmutableArray<Type> filters, IServiceProvider services, Func<Job, ValueTask> send)
    {
        var built = ImmutableArray.CreateRange(filters, type => Build(type, services));
        var context = new JobEnqueueContext(job);
        var sent = false;
        await StepAsync(0);
        if (!sent)
        {
            throw new InvalidOperationException(
                $"A filter around job '{job.Name}' returned without calling next. To refuse a job, throw.");
        }

        ValueTask StepAsync(int place)
        {
            if (place < built.Length)
            {
                return built[place].OnEnqueueAsync(context, () => StepAsync(place + 1));
            }

            if (sent)
            {
                throw new InvalidOperationException(
                    $"A filter around job '{job.Name}' called next twice. Call it once.");
            }

            sent = true;
            return send(context.Job);
        }
    }

    private static IJobFilter Build(Type type, IServiceProvider services) =>
        services.GetService(type) as IJobFilter
        ?? throw new InvalidOperationException(
            $"Filter {type} is not registered. Add it with AddLovage().AddFilter<{type.Name}>(), or register it as a "
                + "service when it is a filter of one job.");
}
