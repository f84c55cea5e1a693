using Lovage.Dashboard.Api;
using Lovage.Dashboard.Sampling;

namespace Lovage.Dashboard.Views;

/// <summary>The first page, from the sampler's state and the shared facts.</summary>
internal sealed class OverviewView(ConsoleServices console)
{
    private const int QueuesMax = 20;
    private const int FailuresMax = 5;
    private const int RunningMax = 5;

    /// <summary>Makes the page. While the storage does not answer, it shows what was known last, and says so.</summary>
    internal async Task<OverviewBody> MakeAsync(CancellationToken cancellationToken)
    {
        var state = await console.Sampler.ReadAsync(cancellationToken);
        var now = console.Time.GetUtcNow();
        var reading = state.Reading ?? new ConsoleReading(now, [], [], null);
        var history = console.Sampler.History;
        var queues = QueueView.Rows(reading, history);
        var storage = Storage(state);
        var facts = storage.Up ? await FactsAsync(cancellationToken) : Facts.None;
        var failures = facts.Failures.OrderByDescending(FailureView.Rise)
            .ThenByDescending(static group => group.LastAt)
            .Where(static group => group.LastHour > 0)
            .Select(group => FailureView.Row(group, QueuesOf(reading, group.Name)))
            .ToList();
        var sums = Sums.Of(reading.Counters);
        var deadHour = history.SumsAnHourAgo(now) is { } before ? Math.Max(0, sums.Dead - before.Dead) : facts.DeadHour;
        var workers = Workers(reading, now);
        var rates = history.Rates(reading.At, sums);
        return new OverviewBody
        {
            Now = now,
            Verdict = Verdict.Of(new VerdictFacts
            {
                Storage = storage,
                Queues = queues,
                Failures = failures,
                Schedules = facts.Schedules,
                DeadLastHour = deadHour,
                Workers = workers.Now,
                WorkersHourAgo = workers.HourAgo,
            }),
            Storage = storage,
            Queues = [.. queues.Take(QueuesMax)],
            QueuesTotal = queues.Count,
            Failures = [.. failures.Take(FailuresMax)],
            Running = [.. facts.Running.Take(RunningMax).Select(job => JobView.Running(job, facts.Usual, now))],
            Workers = workers,
            Dead = new DeadNow(Bounded.Of(facts.Dead), deadHour),
            Schedules = facts.Schedules,
            Rates = new Rates(rates?.In, rates?.Succeeded, rates?.Failed),
            Totals = new Totals(
                reading.Queues.Sum(static queue => queue.Ready),
                reading.Queues.Sum(static queue => queue.Scheduled),
                reading.Queues.Sum(static queue => queue.Claimed)),
            Chart = history.Chart(now),
        };
    }

    /// <summary>The few facts of the first page that every page shows.</summary>
    internal static PulseBody Pulse(OverviewBody overview) => new()
    {
        Level = overview.Verdict.Level,
        Sentence = overview.Verdict.Sentence,
        Waiting = overview.Totals.Waiting,
        // The chart counts dead letters as failures, and they are told beside.
        FailedHour = Math.Max(
            0, overview.Chart.Points.Sum(static point => point.Failed) - overview.Dead.LastHour),
        Dead = overview.Dead.Count,
        StorageUp = overview.Storage.Up,
    };

    internal StorageBody Storage(ConsoleState state) =>
        new(console.Jobs.DescribeStorage().Description, state.Up, state.Since, state.Error);

    /// <summary>The queues on which jobs of this name have been.</summary>
    internal static IReadOnlyList<string> QueuesOf(ConsoleReading reading, string name) =>
        [.. reading.Counters.Where(counter => counter.Name == name)
            .Select(static counter => counter.Queue)
            .Distinct(StringComparer.Ordinal)
            .Take(20)];

    private WorkersNow Workers(ConsoleReading reading, DateTimeOffset now)
    {
        var workers = reading.Workers ?? [];
        var history = console.Sampler.History;
        return new WorkersNow(
            workers.Count,
            history.WorkersAnHourAgo(now),
            [
                .. workers.GroupBy(static worker => worker.Version, StringComparer.Ordinal)
                    .Select(same => new VersionBody(
                        same.Key, same.Count(), history.FirstSeen(same.Key) ?? same.Min(static one => one.StartedAt)))
                    .OrderByDescending(static version => version.FirstSeen),
            ]);
    }

    /// <summary>A fact that the storage cannot tell now is left out: the page itself must come.</summary>
    private async Task<Facts> FactsAsync(CancellationToken cancellationToken)
    {
        try
        {
            // All at once: no reading needs another.
            var failures = console.Facts.FailuresAsync(cancellationToken);
            var running = console.Facts.RunningAsync(cancellationToken);
            var usual = console.Facts.UsualAsync(cancellationToken);
            var dead = console.Facts.DeadAsync(cancellationToken);
            var schedules = console.ScheduleWatch.ProblemsAsync(cancellationToken);
            await Task.WhenAll(failures, running, usual, dead, schedules);
            return new Facts(
                await failures,
                await running,
                await usual,
                await dead,
                await schedules,
                await console.Facts.DeadThisHourAsync(cancellationToken));
        }
        catch (StorageException)
        {
            return Facts.None;
        }
    }

    private sealed record Facts(
        IReadOnlyList<FailureGroup> Failures,
        IReadOnlyList<JobRecord> Running,
        IReadOnlyDictionary<string, DurationHistogram> Usual,
        BoundedCount Dead,
        IReadOnlyList<ScheduleProblem> Schedules,
        long DeadHour)
    {
        internal static Facts None { get; } =
            new([], [], new Dictionary<string, DurationHistogram>(), new BoundedCount(0, true), [], 0);
    }
}
