using System.Globalization;
using Lovage.Storage.Memory.State;

namespace Lovage.Storage.Memory;

/// <summary>Reads jobs in memory.</summary>
internal sealed class MemoryJobHistory(MemoryState state) : JobHistory
{
    protected override ValueTask<IReadOnlyList<JobRecord?>> FindCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var records = new JobRecord?[ids.Count];
        lock (state.Gate)
        {
            for (var i = 0; i < records.Length; i++)
            {
                records[i] = state.TryFind(ids[i], out var job) ? job.ToRecord() : null;
            }
        }

        return new(records);
    }

    protected override ValueTask<JobPage> QueryCoreAsync(JobQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var before = PageBounds.Before(query);
        lock (state.Gate)
        {
            // One more than the page tells whether there is another.
            var found = state.Archive.NewestFirst(before, query.Tag)
                .Where(job => Matches(job, query))
                .Take(query.Limit + 1)
                .ToList();
            var next = found.Count > query.Limit
                ? found[query.Limit - 1].Number.ToString(CultureInfo.InvariantCulture)
                : null;
            return new(new JobPage([.. found.Take(query.Limit).Select(static job => job.ToRecord())], next));
        }
    }

    protected override ValueTask<BoundedCount> CountCoreAsync(
        JobQuery query, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var count = state.Archive.NewestFirst(long.MaxValue, query.Tag)
                .Where(job => Matches(job, query))
                .Take(max)
                .Count();
            return new(new BoundedCount(count, count < max));
        }
    }

    protected override ValueTask<IReadOnlyList<AttemptRecord>> AttemptsCoreAsync(
        JobId id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(state.TryFind(id, out var job) ? job.History : []);
        }
    }

    protected override ValueTask<IReadOnlyList<JobCounter>> CountersCoreAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(state.Counters.Select(static counter => counter.ToCounter()).ToArray());
        }
    }

    private static bool Matches(MemoryJob job, JobQuery query) =>
        (query.States.Count == 0 || query.States.Contains(job.State))
        && (query.Name is null || query.Name == job.Message.Name)
        && (query.Queue is null || query.Queue == job.Message.Queue);
}
