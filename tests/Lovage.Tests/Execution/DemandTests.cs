using Lovage.Execution;

namespace Lovage.Tests.Execution;

public sealed class DemandTests
{
    private readonly TestClock _time = new();

    [Theory]
    [InlineData(8, 500, 8)]
    [InlineData(8, 5, 5)]
    [InlineData(8, 0, 0)]
    public void Prefetch_NothingKnownYet_IsOneAheadForEachSlotAtTheMost(int concurrency, int max, int expected) =>
        Assert.Equal(expected, new Demand(concurrency, max, _time).Prefetch);

    [Theory]
    [InlineData(1.01, 0)]
    [InlineData(1, 80)]
    public void Prefetch_SlowJobs_IsNoneHoweverSlowTheFetchIs(double jobSeconds, int expected)
    {
        var demand = Measured(fetchSeconds: 10);
        demand.JobTook(jobSeconds);
        Assert.Equal(expected, demand.Prefetch);
    }

    [Fact]
    public void Prefetch_QuickJobs_IsWhatRunsDuringTwoFetches()
    {
        var demand = Measured(fetchSeconds: 0.01);
        demand.JobTook(0.005);
        Assert.Equal(16, demand.Prefetch);
    }

    [Fact]
    public void Prefetch_JobsThatTakeNoTime_IsTheMaximum()
    {
        var demand = Measured(fetchSeconds: 0.01);
        demand.JobTook(0);
        Assert.Equal(500, demand.Prefetch);
    }

    [Fact]
    public void Prefetch_OneSlowJobAmongQuickOnes_FallsAtOnceAndRecoversSlowly()
    {
        var demand = Measured(fetchSeconds: 0.01);
        demand.JobTook(0.001);
        var quick = demand.Prefetch;
        demand.JobTook(60);
        Assert.Equal(0, demand.Prefetch);

        demand.JobTook(0.001);
        Assert.Equal(0, demand.Prefetch);
        for (var i = 0; i < 1_000; i++)
        {
            demand.JobTook(0.001);
        }

        Assert.InRange(demand.Prefetch, quick - 1, quick);
    }

    [Fact]
    public void Prefetch_FetchGetsSlower_Grows()
    {
        var demand = Measured(fetchSeconds: 0.01);
        demand.JobTook(0.005);
        var before = demand.Prefetch;
        Fetch(demand, 0.06);
        Assert.Equal(2 * before, demand.Prefetch);
    }

    private Demand Measured(double fetchSeconds)
    {
        var demand = new Demand(4, 500, _time);
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
