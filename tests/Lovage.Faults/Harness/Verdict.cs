using System.Diagnostics;
using Lovage.Storage;
using Xunit;

namespace Lovage.Faults.Harness;

/// <summary>A job that was started more than once.</summary>
/// <param name="Id">The job.</param>
/// <param name="Starts">How often it was started.</param>
/// <param name="Unfinished">Earlier attempts that a fault cut off.</param>
/// <param name="Unwritten">Earlier attempts that had finished, and whose outcome was not written when the fault
/// came.</param>
/// <param name="Unexplained">Earlier attempts that no fault hit.</param>
internal sealed record Duplicate(string Id, int Starts, int Unfinished, int Unwritten, int Unexplained);

/// <summary>
/// Compares the journals with the storage, once no job runs any more. Lost: accepted and never finished. Phantom:
/// started, although no producer meant to enqueue it.
/// </summary>
internal sealed record Verdict
{
    /// <summary>
    /// An outcome is written apart from its handler, soon after it: a job that finished within this span before a fault
    /// may run again.
    /// </summary>
    private static readonly TimeSpan WriteSpan = TimeSpan.FromSeconds(1);

    internal required int Accepted { get; init; }

    internal required IReadOnlyList<string> Lost { get; init; }

    internal required IReadOnlyList<string> Phantoms { get; init; }

    internal required IReadOnlyList<Duplicate> Duplicates { get; init; }

    /// <summary>Jobs whose handler finished more than once.</summary>
    internal required IReadOnlyList<string> FinishedAgain { get; init; }

    /// <summary>Accepted jobs that do not have exactly one record, in a final state.</summary>
    internal required IReadOnlyList<string> WithoutOutcome { get; init; }

    /// <summary>Jobs that are in another state than they are meant to end in.</summary>
    internal required IReadOnlyList<string> EndedOtherwise { get; init; }

    /// <summary>Workers that still hold a claim, and queues that are not empty.</summary>
    internal required IReadOnlyList<string> Left { get; init; }

    /// <summary>Counters that differ from a count of the records.</summary>
    internal required IReadOnlyList<string> WrongCounters { get; init; }

    /// <summary>Dead letters whose processes faults had ended so often that the job is set aside.</summary>
    internal required IReadOnlyCollection<string> Buried { get; init; }

    internal int ExtraStarts => Duplicates.Sum(static duplicate => duplicate.Starts - 1);

    internal static Verdict Of(
        IReadOnlyList<JournalLine> lines,
        IReadOnlyList<FaultRecord.Fault> faults,
        IReadOnlyList<JobRecord> records,
        IReadOnlyList<JobCounter> counters,
        IReadOnlyList<string> left,
        IReadOnlyDictionary<JobId, JobState> ends,
        IReadOnlySet<string> buried)
    {
        var byWord = lines.ToLookup(static line => line.Word);
        var accepted = byWord["accepted"].Select(static line => line.Id).ToHashSet();
        var intended = byWord["intent"].Select(static line => line.Id).ToHashSet();
        var finished = byWord["finish"].Select(static line => line.Id).ToHashSet();
        var never = ends.Keys.Select(static id => id.Value);
        var states = records.ToLookup(static record => record.Message.Id.Value, static record => record.State);
        return new Verdict
        {
            Accepted = accepted.Count,
            Lost = [.. accepted.Except(finished).Except(never).Except(buried)],
            Phantoms = [.. byWord["start"].Select(static line => line.Id).ToHashSet().Except(intended)],
            Duplicates = FindDuplicates(byWord, faults),
            FinishedAgain = [.. byWord["finish"].GroupBy(static line => line.Id)
                .Where(static group => group.Count() > 1)
                .Select(static group => group.Key)],
            WithoutOutcome = [.. accepted.Where(id => states[id].Count() != 1 || !states[id].Single().IsFinal)],
            EndedOtherwise = [.. records.Where(record => !buried.Contains(record.Message.Id.Value)
                && record.State != ends.GetValueOrDefault(record.Message.Id, JobState.Succeeded))
                .Select(static record => $"{record.Message.Id}: {record.State}")],
            Buried = buried,
            Left = left,
            WrongCounters = Compare(records, counters),
        };
    }

    /// <summary>What holds under every fault.</summary>
    internal void IsSound()
    {
        Assert.Empty(Lost);
        Assert.Empty(Phantoms);
        Assert.Empty(WithoutOutcome);
        Assert.Empty(EndedOtherwise);
        Assert.Empty(Left);
        Assert.Empty(WrongCounters);
        Assert.All(Duplicates, static duplicate => Assert.Equal(0, duplicate.Unexplained));
    }

    public override string ToString() =>
        $"{Accepted:N0} accepted, {Lost.Count} lost, {Phantoms.Count} phantoms, {ExtraStarts} extra starts "
            + $"({Duplicates.Sum(static d => d.Unfinished)} cut off, {Duplicates.Sum(static d => d.Unwritten)} "
            + $"finished and unwritten, {Duplicates.Sum(static d => d.Unexplained)} unexplained)"
            + (Buried.Count == 0 ? "" : $", {Buried.Count} set aside after faults at each start");

    private static List<Duplicate> FindDuplicates(
        ILookup<string, JournalLine> byWord, IReadOnlyList<FaultRecord.Fault> faults)
    {
        var finishes = byWord["finish"].ToLookup(static line => (line.Id, line.Fence, line.Process));
        var hits = faults.ToLookup(static fault => fault.Process);
        var duplicates = new List<Duplicate>();
        foreach (var job in byWord["start"].GroupBy(static line => line.Id))
        {
            JournalLine[] starts = [.. job.OrderBy(static line => line.At)];
            if (starts.Length == 1)
            {
                continue;
            }

            var (unfinished, unwritten, unexplained) = (0, 0, 0);
            foreach (var start in starts[..^1])
            {
                var finish = finishes[(start.Id, start.Fence, start.Process)].FirstOrDefault()?.At;
                var hit = hits[start.Process].Any(fault => start.At <= fault.To
                    && (finish is not { } at || Stopwatch.GetElapsedTime(at, fault.From) <= WriteSpan));
                unfinished += hit && finish is null ? 1 : 0;
                unwritten += hit && finish is not null ? 1 : 0;
                unexplained += hit ? 0 : 1;
            }

            duplicates.Add(new Duplicate(job.Key, starts.Length, unfinished, unwritten, unexplained));
        }

        return duplicates;
    }

    private static List<string> Compare(IReadOnlyList<JobRecord> records, IReadOnlyList<JobCounter> counters)
    {
        var counted = records.ToLookup(static record => (record.Message.Queue, record.Message.Name));
        var known = counters.ToDictionary(static counter => (counter.Queue, counter.Name));
        var wrong = new List<string>();
        foreach (var group in counted)
        {
            if (!known.TryGetValue(group.Key, out var counter))
            {
                wrong.Add($"{group.Key}: no counter");
                continue;
            }

            (long Counter, long Count)[] pairs =
            [
                (counter.Enqueued, group.Count()),
                (counter.Succeeded, group.Count(static record => record.State == JobState.Succeeded)),
                (counter.Failed, group.Count(static record => record.State == JobState.Failed)),
                (counter.Cancelled, group.Count(static record => record.State == JobState.Cancelled)),
                (counter.Expired, group.Count(static record => record.State == JobState.Expired)),
                (counter.Dead, group.Count(static record => record.State == JobState.Dead)),
            ];
            if (pairs.Any(static pair => pair.Counter != pair.Count))
            {
                wrong.Add($"{counter} against {string.Join(", ", pairs.Select(static pair => pair.Count))}");
            }
        }

        return wrong;
    }
}
