using System.Globalization;
using System.Text;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Texts;
using Lovage.Storage;
using Lovage.Storage.Plans;
using StackExchange.Redis;

namespace Lovage.Redis.Reading;

/// <summary>
/// A look through jobs, newest first: it walks the narrowest sorted set that answers the query, and compares what that
/// set does not answer.
/// </summary>
internal sealed class HistoryPages
{
    /// <summary>Jobs that one look reads at the most when a filter has no index; then the page is partial.</summary>
    internal const int ScanMax = 5_000;

    private const int StepMin = 20;
    private const int StepMax = 200;

    /// <summary>How far the number of a job may lie behind the time of its acceptance.</summary>
    private static readonly TimeSpan Burst = TimeSpan.FromSeconds(1);

    private readonly RedisServer _server;
    private readonly JobQuery _query;
    private readonly byte[]? _text;
    private int _left;
    private int _texts = JobHistory.ArgumentScanMax;

    /// <param name="server">The server.</param>
    /// <param name="query">Which jobs.</param>
    /// <param name="scanMax">Jobs that are read at the most.</param>
    internal HistoryPages(RedisServer server, JobQuery query, int scanMax = ScanMax)
    {
        _server = server;
        _query = query;
        _left = Math.Max(scanMax, query.ArgumentText is null ? 0 : JobHistory.ArgumentScanMax);
        _text = query.ArgumentText is { } text ? Encoding.UTF8.GetBytes(text) : null;
    }

    /// <summary>The number of the last job that was looked at before the look ended at its bound; null if it did
    /// not.</summary>
    internal long? StoppedAt { get; private set; }

    /// <summary>True when the sets alone answer, so that counting needs no job.</summary>
    internal bool IsIndexed => _text is null && _query is { Worker: null, Name: null, Since: null, Until: null }
        && ((_query.States.Count == 0 && IsOneOf(_query) <= 1)
            || (_query.States.Count > 0 && _query.States.All(IsKept) && IsOneOf(_query) == 0 && _query.Queue is null));

    internal async Task<List<StoredJob>> TakeAsync(long before, int max, CancellationToken cancellationToken)
    {
        var sets = await SetsAsync(cancellationToken);
        var found = new List<StoredJob>();
        var at = before;
        if (_query.Until is { } until)
        {
            // Jobs of one moment have numbers that follow one another.
            at = Math.Min(at, RedisTime.From(until + Burst));
        }

        var lowest = _query.Since is { } since ? RedisTime.From(since) : 0;
        var step = Math.Clamp(2 * max, StepMin, StepMax);
        while (found.Count < max && lowest < at)
        {
            var (ids, last, hasMore) = await NextAsync(sets, at, lowest, step, cancellationToken);
            step = StepMax;
            if (ids.Count == 0)
            {
                break;
            }

            var jobs = await StoredJob.FindAsync(_server, ids, cancellationToken);
            foreach (var job in jobs)
            {
                if (job is null)
                {
                    continue;
                }

                at = long.Parse(job.Front.Number, CultureInfo.InvariantCulture);
                if (Matches(job))
                {
                    if (_text is not null && _texts-- == 0)
                    {
                        return found;
                    }

                    StoppedAt = _text is null ? null : at;
                    if (_text is null || job.Element.Message.Body.Span.IndexOf(_text) >= 0)
                    {
                        found.Add(job);
                    }

                    if (found.Count == max)
                    {
                        StoppedAt = null;
                        return found;
                    }
                }
            }

            at = last;
            if (!hasMore)
            {
                break;
            }

            if ((_left -= ids.Count) <= 0)
            {
                StoppedAt = last;
                return found;
            }
        }

        StoppedAt = null;
        return found;
    }

    /// <summary>How many there are, by the sets alone.</summary>
    internal async Task<long> CountAsync(CancellationToken cancellationToken)
    {
        var sets = await SetsAsync(cancellationToken);
        var counts = await _server.CallAsync(
            database => Task.WhenAll(sets.Select(set => database.SortedSetLengthAsync(set))),
            cancellationToken);
        return counts.Sum();
    }

    private static int IsOneOf(JobQuery query) =>
        (query.Tag is null ? 0 : 1) + (query.ScheduleId is null ? 0 : 1) + (query.EditedFrom is null ? 0 : 1)
        + (query.RootId is null ? 0 : 2) + (query.Fingerprint is null ? 0 : 1) + (query.Queue is null ? 0 : 1);

    private static bool IsKept(JobState state) => state.IsFinal && state != JobState.Succeeded;

    private bool Matches(StoredJob job) =>
        (_query.States.Count == 0 || _query.States.Contains(job.State))
        && (_query.Name is null || _query.Name == job.Front.Name)
        && (_query.Queue is null || _query.Queue == job.Front.Queue)
        && (_query.Worker is null || _query.Worker == job.Worker)
        && (_query.Fingerprint is null || _query.Fingerprint == job.Fingerprint)
        && (_query.Since is null || RedisTime.To(job.Front.EnqueuedAt) >= _query.Since)
        && (_query.Until is null || RedisTime.To(job.Front.EnqueuedAt) < _query.Until)
        && JobMark.Match(JobMark.Of(job.Element.Message), job.Id, _query);

    private async Task<RedisKey[]> SetsAsync(CancellationToken cancellationToken)
    {
        var names = _server.Names;
        if (_query.Tag is { } tag)
        {
            return [Mark(JobMarkKind.Tag, tag)];
        }

        if (_query.ScheduleId is { } schedule)
        {
            return [Mark(JobMarkKind.Schedule, schedule)];
        }

        if (_query.EditedFrom is { } edited)
        {
            return [Mark(JobMarkKind.EditedFrom, edited)];
        }

        if (_query.RootId is { } root)
        {
            return [Mark(JobMarkKind.Root, root)];
        }

        if (_query.Fingerprint is { } cause)
        {
            return [names.Key("fp:" + cause)];
        }

        if (_query.States.Count > 0 && _query.States.All(IsKept))
        {
            return [.. _query.States.Distinct().Select(state => names.Key("by:" + States.Letter(state)))];
        }

        if (_query.Queue is { } queue)
        {
            return [names.Key("jobs:" + queue)];
        }

        var queues = await _server.CallAsync(
            database => database.SetMembersAsync(names.Key("queues")), cancellationToken);
        return [.. queues.Select(name => names.Key("jobs:" + name))];

        RedisKey Mark(JobMarkKind kind, string text) => names.Key("m:" + MarkText.Write(kind, text));
    }

    /// <summary>The next ids of all sets together, newest first.</summary>
    private async Task<(List<JobId> Ids, long Last, bool HasMore)> NextAsync(
        RedisKey[] sets, long before, long lowest, int step, CancellationToken cancellationToken)
    {
        var parts = await _server.CallAsync(
            database => Task.WhenAll(sets.Select(set => database.SortedSetRangeByScoreWithScoresAsync(
                set, lowest, before, Exclude.Stop, Order.Descending, 0, step))),
            cancellationToken);
        var entries = parts.SelectMany(static part => part)
            .Select(static entry => (Number: (long)entry.Score, Id: entry.Element.ToString()))
            .ToList();
        if (_query.RootId is { } root && JobId.TryParse(root, out var id)
            && await StoredJob.FindAsync(_server, [id], cancellationToken) is [{ } job]
            && long.Parse(job.Front.Number, CultureInfo.InvariantCulture) is var own && own < before && own >= lowest)
        {
            entries.Add((own, root));
        }

        var page = entries.DistinctBy(static entry => entry.Id)
            .OrderByDescending(static entry => entry.Number)
            .Take(step)
            .ToList();
        return (
            [.. page.Select(static entry => JobId.Parse(entry.Id))],
            page.Count == 0 ? before : page[^1].Number,
            page.Count == step);
    }
}
