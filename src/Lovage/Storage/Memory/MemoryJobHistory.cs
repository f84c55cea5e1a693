using System.Globalization;
using System.Text;
using Lovage.Storage.Memory.State;
using Lovage.Storage.Plans;

namespace Lovage.Storage.Memory;

/// <summary>Reads jobs in memory.</summary>
internal sealed class MemoryJobHistory(MemoryState state) : JobHistory
{
    public override JobQualifiers Qualifiers => JobQualifiers.All;

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
            var search = new Search(state, query, before);
            var found = search.Take(query.Limit + 1);
            var next = found.Count > query.Limit ? found[query.Limit - 1].Number : search.StoppedAt;
            return new(new JobPage(
                [.. found.Take(query.Limit).Select(static job => job.ToRecord())],
                next?.ToString(CultureInfo.InvariantCulture))
            {
                IsPartial = found.Count <= query.Limit && search.StoppedAt is not null,
            });
        }
    }

    protected override ValueTask<BoundedCount> CountCoreAsync(
        JobQuery query, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var search = new Search(state, query, long.MaxValue);
            var count = search.Take(max).Count;
            return new(new BoundedCount(count, count < max && search.StoppedAt is null));
        }
    }

    protected override ValueTask<IReadOnlyList<ScheduledJob?>> NewestOfSchedulesCoreAsync(
        IReadOnlyList<string> schedules, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(schedules
                .Select(schedule => state.Archive
                    .NewestFirst(long.MaxValue, new JobMark(JobMarkKind.Schedule, schedule))
                    .FirstOrDefault())
                .Select(static job => job is null ? null : new ScheduledJob(job.Message.Id, job.State))
                .ToArray());
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

    protected override ValueTask<IReadOnlyList<JobStatistics>> StatisticsCoreAsync(
        StatisticsQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var until = query.Until ?? state.Now;
            return new(state.Counters
                .SelectMany(counter => counter.Statistics(query.Since, until))
                .Where(statistics => (query.Queue is null || statistics.Queue == query.Queue)
                    && (query.Name is null || statistics.Name == query.Name))
                .OrderBy(static statistics => statistics.Hour)
                .ThenBy(static statistics => statistics.Queue, StringComparer.Ordinal)
                .ThenBy(static statistics => statistics.Name, StringComparer.Ordinal)
                .ToArray());
        }
    }

    protected override ValueTask<IReadOnlyList<FailureGroup>> FailuresCoreAsync(
        FailureQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(state.Failures.Groups(query, state.Now).ToArray());
        }
    }

    protected override ValueTask<IReadOnlyList<JobRecord>> LongestRunningCoreAsync(
        int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(state.Claims
                .Where(static job => job.HasStarted)
                .OrderBy(static job => job.StartedAt)
                .ThenBy(static job => job.Number)
                .Take(max)
                .Select(static job => job.ToRecord())
                .ToArray());
        }
    }

    protected override ValueTask<IReadOnlyList<LogLine>> LiveLinesCoreAsync(
        JobId id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(state.TryFind(id, out var job) ? state.LiveLines(job) : []);
        }
    }

    /// <summary>A look through jobs, newest first. Needs the state's lock.</summary>
    private sealed class Search(MemoryState state, JobQuery query, long before)
    {
        private readonly byte[]? _text =
            query.ArgumentText is { } text ? Encoding.UTF8.GetBytes(text) : null;

        /// <summary>
        /// The last job in whose arguments it looked before it ended at its bound; null when it did not.
        /// </summary>
        public long? StoppedAt { get; private set; }

        public List<MemoryJob> Take(int max)
        {
            var (found, looked, last) = (new List<MemoryJob>(), 0, 0L);
            foreach (var job in Candidates().Where(Matches))
            {
                if (_text is not null && looked++ == ArgumentScanMax)
                {
                    StoppedAt = last;
                    break;
                }

                last = job.Number;
                if (_text is null || job.Message.Body.Span.IndexOf(_text) >= 0)
                {
                    found.Add(job);
                }

                if (found.Count == max)
                {
                    break;
                }
            }

            return found;
        }

        private IEnumerable<MemoryJob> Candidates() =>
            query.Tag is { } tag ? state.Archive.NewestFirst(before, new JobMark(JobMarkKind.Tag, tag))
            : query.ScheduleId is { } schedule ?
                state.Archive.NewestFirst(before, new JobMark(JobMarkKind.Schedule, schedule))
            : query.EditedFrom is { } edited ?
                state.Archive.NewestFirst(before, new JobMark(JobMarkKind.EditedFrom, edited))
            : query.RootId is { } root ? Tree(root)
            : state.Archive.NewestFirst(before, mark: null);

        private IEnumerable<MemoryJob> Tree(string root)
        {
            var branches = state.Archive.NewestFirst(before, new JobMark(JobMarkKind.Root, root));
            return JobId.TryParse(root, out var id) && state.TryFind(id, out var job) && job.Number < before
                ? branches.Append(job).Distinct().OrderByDescending(static found => found.Number)
                : branches;
        }

        private bool Matches(MemoryJob job) =>
            (query.States.Count == 0 || query.States.Contains(job.State))
            && (query.Name is null || query.Name == job.Message.Name)
            && (query.Queue is null || query.Queue == job.Message.Queue)
            && (query.Worker is null || query.Worker == job.Worker)
            && (query.Fingerprint is null || query.Fingerprint == job.Fingerprint)
            && (query.Since is null || job.EnqueuedAt >= query.Since)
            && (query.Until is null || job.EnqueuedAt < query.Until)
            && (!HasMarks || JobMark.Match(JobMark.Of(job.Message), job.Message.Id, query));

        private bool HasMarks => query is not
        {
            Tag: null,
            RootId: null,
            ScheduleId: null,
            EditedFrom: null,
        };
    }
}
