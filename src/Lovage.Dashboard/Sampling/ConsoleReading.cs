namespace Lovage.Dashboard.Sampling;

/// <summary>One look at counters and at the directory of workers. Nothing here counts rows.</summary>
internal sealed record ConsoleReading(
    DateTimeOffset At,
    IReadOnlyList<QueueStatus> Queues,
    IReadOnlyList<JobCounter> Counters,
    IReadOnlyList<WorkerRecord>? Workers)
{
    internal static async Task<ConsoleReading> OfAsync(
        JobInspector jobs, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var storage = jobs.DescribeStorage();
        return new(
            now,
            [
                .. (await jobs.QueuesAsync(cancellationToken))
                    .OrderBy(static queue => queue.Queue, StringComparer.Ordinal),
            ],
            storage.HasHistory ? await jobs.CountersAsync(cancellationToken) : [],
            storage.HasWorkers ? await jobs.WorkersAsync(cancellationToken) : null);
    }

    internal QueueStatus? Queue(string name) => Queues.FirstOrDefault(queue => queue.Queue == name);

    /// <summary>How many live workers serve a queue; null where the storage keeps no list.</summary>
    internal int? WorkersOf(string queue) => Workers?.Count(worker => worker.Queues.Contains(queue));
}

/// <summary>Sums of counters: all of the storage, or those of one queue.</summary>
internal readonly record struct Sums(
    long Enqueued, long Succeeded, long Failed, long Retried, long Dead, long Ended)
{
    internal static Sums Of(IEnumerable<JobCounter> counters)
    {
        var sums = default(Sums);
        foreach (var counter in counters)
        {
            sums = sums.Plus(counter);
        }

        return sums;
    }

    internal Sums Plus(JobCounter counter) => new(
        Enqueued + counter.Enqueued,
        Succeeded + counter.Succeeded,
        Failed + counter.Failed,
        Retried + counter.Retried,
        Dead + counter.Dead,
        Ended + counter.Succeeded + counter.Failed + counter.Cancelled + counter.Expired + counter.Dead);
}
