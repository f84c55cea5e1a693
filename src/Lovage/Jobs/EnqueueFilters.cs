using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage;

/// <summary>
/// Runs the filters around enqueuing: the app's first, then the job's own. The container builds each of them.
/// </summary>
/// <param name="app">The app's filters, outermost first.</param>
/// <param name="scopes">Makes the scope of filters whose caller has none.</param>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class EnqueueFilters(ImmutableArray<Type> app, IServiceScopeFactory scopes)
{
    /// <summary>The filters of a job, outermost first. Only a job with filters of its own costs an array.</summary>
    /// <param name="definition">What is known here of the job; null for a job that runs elsewhere.</param>
    internal ImmutableArray<Type> Of(JobDefinition? definition) =>
        definition is null or { Filters.IsEmpty: true } ? app : app.AddRange(definition.Filters);

    /// <summary>Runs filters with a job in their midst.</summary>
    /// <param name="job">The job.</param>
    /// <param name="filters">Outermost first; at least one.</param>
    /// <param name="services">Builds the filters; null for a scope of their own.</param>
    /// <param name="send">What is done with the job as the filters leave it.</param>
    /// <exception cref="InvalidOperationException">A filter is not registered, returned without calling next, or called
    /// it twice.</exception>
    internal async ValueTask RunAsync(
        Job job, ImmutableArray<Type> filters, IServiceProvider? services, Func<Job, ValueTask> send)
    {
        if (services is not null)
        {
            await RunInAsync(job, filters, services, send);
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        await RunInAsync(job, filters, scope.ServiceProvider, send);
    }

    private static async ValueTask RunInAsync(
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
