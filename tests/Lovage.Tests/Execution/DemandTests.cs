using Lovage.Execution;

namespace Lovage.Tests.Execution;

public sealed class DemandTests
{
    private static readonly WorkerSettings Settings = new() { Concurrency = 4, PrefetchMax = 500 };

    private readonly TestClock _time = new();

    [Theory]
    [InlineData(8, 500, 8)]
    [InlineData(8, 5, 5)]
    [InlineData(8, 0, 0)]
    public void Prefetch_NothingKnownYet_IsOneAheadForEachSlotAtTheMost(int concurrency, int max, int expected) =>
        Assert.Equal(
            expected,
            new Demand(_time).Prefetch(new WorkerSettings { Concurrency = concurrency, PrefetchMax = max }));

    [Theory]
    [InlineData(1.01, 0)]
    [InlineData(1, 80)]
    public void Prefetch_SlowJobs_IsNoneHoweverSlowTheFetchIs(double jobSeconds, int expected)
    {
        var demand = Measured(fetchSeconds: 10);
        demand.JobTook(jobSeconds);
        Assert.Equal(expected, demand.Prefetch(Settings));
    }

    [Fact]
    public void Prefetch_QuickJobs_IsWhatRunsDuringTwoFetches()
    {
        var demand = Measured(fetchSeconds: 0.01);
        demand.JobTook(0.005);
        Assert.Equal(16, demand.Prefetch(Settings));
    }

    [Fact]
    public void Prefetch_JobsThatTakeNoTime_IsTheMaximum()
    {
        var demand = Measured(fetchSeconds: 0.01);
        demand.JobTook(0);
        Assert.Equal(500, demand.Prefetch(Settings));
    }

    [Fact]
    public void Prefetch_OneSlowJobAmongQuickOnes_FallsAtOnceAndRecoversSlowly()
    {
        var demand = Measured(fetchSeconds: 0.01);
        demand.JobTook(0.001);
        var quick = demand.Prefetch(Settings);
        demand.JobTook(60);
        Assert.Equal(0, demand.Prefetch(Settings));

        demand.JobTook(0.001);
        Assert.Equal(0, demand.Prefetch(Settings));
        for (var i = 0; i < 1_000; i++)
        {
            demand.JobTook(0.001);
        }

        Assert.InRange(demand.Prefetch(Settings), quick - 1, quick);
    }

    [Fact]
    public void Prefetch_FetchGetsSlower_Grows()
    {
        var demand = Measured(fetchSeconds: 0.01);
        demand.JobTook(0.005);
        var before = demand.Prefetch(Settings);
        Fetch(demand, 0.06);
        Assert.Equal(2 * before, demand.Prefetch(Settings));
    }

    private Demand Measured(double fetchSeconds)
    {
        var demand = new Demand(_time);
        Fetch(demand, fetchSeconds);
        return demand;
    }

    private void Fetch(Demand demand, double seconds)
    {
        var start = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(seconds));
        demand.FetchTook(start);
    }
}
