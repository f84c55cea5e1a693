using Lovage.Dashboard.Api;
using Lovage.Dashboard.Sampling;

namespace Lovage.Dashboard.Views;

/// <summary>From a reading to queues.</summary>
internal static class QueueView
{
    /// <summary>The queue that has made its oldest job wait the longest first, then by name.</summary>
    internal static IReadOnlyList<QueueRow> Rows(ConsoleReading reading, SampleHistory history)
    {
        var counters = reading.Counters.ToLookup(static counter => counter.Queue, StringComparer.Ordinal);
        return
        [
            .. reading.Queues
                .OrderByDescending(static queue => queue.OldestReady ?? TimeSpan.MinValue)
                .ThenBy(static queue => queue.Queue, StringComparer.Ordinal)
                .Select(queue => Row(queue, reading, history, Sums.Of(counters[queue.Queue]))),
        ];
    }

    internal static QueueDetail? Detail(string name, ConsoleReading reading, SampleHistory history)
    {
        if (reading.Queue(name) is not { } queue)
        {
            return null;
        }

        var counters = reading.Counters.Where(counter => counter.Queue == name).ToList();
        return new QueueDetail(Row(queue, reading, history, Sums.Of(counters)))
        {
            Names =
            [
                .. counters.OrderByDescending(static counter => counter.Enqueued).Take(100).Select(static counter =>
                    new QueueName(
                        counter.Name,
                        counter.Enqueued,
                        counter.Succeeded,
                        counter.Failed,
                        counter.Retried,
                        counter.Dead)),
            ],
            Chart = history.Chart(reading.At, name),
            WorkersList =
            [
                .. (reading.Workers ?? []).Where(worker => worker.Queues.Contains(name))
                    .Take(100)
                    .Select(static worker => new QueueWorker(worker.Owner, worker.Host)),
            ],
        };
    }

    private static QueueRow Row(QueueStatus queue, ConsoleReading reading, SampleHistory history, Sums sums)
    {
        var rates = history.Rates(reading.At, sums, queue.Queue);
        return new QueueRow
        {
            Name = queue.Queue,
            Ready = queue.Ready,
            Scheduled = queue.Scheduled,
            Claimed = queue.Claimed,
            OldestSeconds = queue.OldestReady?.TotalSeconds,
            Paused = queue.Paused,
            PauseReason = queue.PauseReason,
            Workers = reading.WorkersOf(queue.Queue),
            RateIn = rates?.In,
            RateOut = rates?.Out,
            DrainSeconds = Drain(queue, rates?.In, rates?.Out),
            Spark = history.Spark(queue.Queue),
        };
    }

    /// <summary>How long until nothing waits, if jobs come and go as in the last minute.</summary>
    private static double? Drain(QueueStatus queue, double? rateIn, double? rateOut) => queue switch
    {
        { Ready: 0 } => 0,
        { Paused: true } => null,
        _ => rateOut - rateIn is { } net and > 0 ? Math.Round(queue.Ready / net, 1) : null,
    };
}
