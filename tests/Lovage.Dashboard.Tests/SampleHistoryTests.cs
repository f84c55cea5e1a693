using Lovage.Dashboard.Sampling;

namespace Lovage.Dashboard.Tests;

/// <summary>What the charts are made of.</summary>
public sealed class SampleHistoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Add_EachSecond_KeepsASampleEachTenSecondsForAnHour()
    {
        var history = new SampleHistory();
        for (var second = 0; second <= 7_200; second++)
        {
            history.Add(Reading(second, enqueued: second * 2, succeeded: second));
        }

        var chart = history.Chart(Start + TimeSpan.FromSeconds(7_200));

        Assert.Equal(20, chart.Step);
        Assert.Equal(180, chart.Points.Count);
        Assert.All(chart.Points, static point => Assert.Equal((40, 20), (point.Enqueued, point.Succeeded)));
        Assert.Equal(Start + TimeSpan.FromSeconds(7_200), chart.Points[^1].At);
        Assert.Equal(60, history.Spark("mail").Count);
        Assert.Equal(1, history.WorkersAnHourAgo(Start + TimeSpan.FromSeconds(7_200)));
    }

    [Fact]
    public void Rates_OfTheLastMinute_CountEachSecond()
    {
        var history = new SampleHistory();
        for (var second = 0; second <= 120; second++)
        {
            history.Add(Reading(second, enqueued: second * 3, succeeded: second));
        }

        var reading = Reading(120, 360, 120);
        var rates = history.Rates(reading.At, Sums.Of(reading.Counters));

        Assert.Equal((3, 1, 1, 0), rates);
        Assert.Null(new SampleHistory().Rates(Start, default));
    }

    [Fact]
    public void Add_CountersThatBeginAnew_GiveNoNegativeNumbers()
    {
        var history = new SampleHistory();
        history.Add(Reading(0, 1_000, 1_000));
        history.Add(Reading(10, 5, 5));
        history.Add(Reading(20, 6, 6));

        Assert.All(history.Chart(Start).Points, static point => Assert.InRange(point.Enqueued, 0, 10));
    }

    [Fact]
    public void Versions_OfWorkers_AreDeployMarks()
    {
        var history = new SampleHistory();
        history.Add(Reading(0, 0, 0));
        history.Add(Reading(30, 0, 0, "2.0"));

        Assert.Equal(["1.0", "2.0"], history.Chart(Start).Deploys.Select(static deploy => deploy.Version));
        Assert.Equal(Start + TimeSpan.FromSeconds(30), history.FirstSeen("2.0"));
        Assert.Null(history.WorkersAnHourAgo(Start + TimeSpan.FromSeconds(30)));
    }

    private static ConsoleReading Reading(int second, long enqueued, long succeeded, string version = "1.0") => new(
        Start + TimeSpan.FromSeconds(second),
        [new QueueStatus("mail", enqueued - succeeded, 0, 0, TimeSpan.FromSeconds(1), false, null)],
        [new JobCounter { Queue = "mail", Name = "n", Enqueued = enqueued, Succeeded = succeeded }],
        [
            new WorkerRecord
            {
                Owner = "w",
                Host = "h",
                ProcessId = 1,
                Version = version,
                StartedAt = version == "1.0" ? Start : Start + TimeSpan.FromSeconds(30),
                BeatAt = Start,
                Queues = ["mail"],
                Slots = 1,
                Running = 0,
                Names = [],
            },
        ]);
}
