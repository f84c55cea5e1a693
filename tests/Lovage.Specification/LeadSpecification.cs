using Xunit;

namespace Lovage.Specification;

/// <summary>Who leads the schedulers.</summary>
public abstract class LeadSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task TryLead_WhileAnotherLeads_IsRefused()
    {
        Assert.True(await Schedules.TryLeadAsync("one", Lease, Stop));

        Assert.False(await Of(Other).TryLeadAsync("two", Lease, Stop));
        Assert.False(await Schedules.TryLeadAsync("two", Lease, Stop));
        Assert.True(await Schedules.TryLeadAsync("one", Lease, Stop));
    }

    [Fact]
    public async Task TryLead_AskedForAgain_LastsFromThen()
    {
        await Schedules.TryLeadAsync("one", Lease, Stop);
        Time.Advance(Lease / 2);
        Assert.True(await Schedules.TryLeadAsync("one", Lease, Stop));
        Time.Advance(Lease - TimeSpan.FromMilliseconds(1));

        Assert.False(await Of(Other).TryLeadAsync("two", Lease, Stop));
    }

    [Fact]
    public async Task TryLead_LeaseHasRunOut_GoesToWhoAsks()
    {
        await Schedules.TryLeadAsync("one", Lease, Stop);
        Time.Advance(Lease);

        Assert.True(await Of(Other).TryLeadAsync("two", Lease, Stop));
        Assert.False(await Schedules.TryLeadAsync("one", Lease, Stop));
    }

    [Fact]
    public async Task TryLead_LeaseHasRunOutAndNobodyAsked_StaysWithItsOwner()
    {
        await Schedules.TryLeadAsync("one", Lease, Stop);
        Time.Advance(10 * Lease);

        Assert.True(await Schedules.TryLeadAsync("one", Lease, Stop));
        Assert.False(await Schedules.TryLeadAsync("two", Lease, Stop));
    }

    [Fact]
    public async Task TryLead_BySeveralAtOnce_OneOfThemLeads()
    {
        for (var round = 0; round < 30; round++)
        {
            Time.Advance(Lease);
            var leads = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(
                () => Of(i % 2 == 0 ? Storage : Other).TryLeadAsync($"{round}-{i}", Lease, Stop).AsTask(), Stop)));

            Assert.Single(leads, lead => lead);
        }
    }

    [Fact]
    public async Task Resign_Leader_LetsAnotherLeadAtOnce()
    {
        await Schedules.TryLeadAsync("one", Lease, Stop);
        await Of(Other).ResignAsync("two", Stop);
        Assert.False(await Schedules.TryLeadAsync("two", Lease, Stop));

        await Of(Other).ResignAsync("one", Stop);

        Assert.True(await Schedules.TryLeadAsync("two", Lease, Stop));
    }
}
