using Lovage.Testing;
using Lovage.Tests.Clients;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Lovage.Tests.Testing;

public sealed class ScheduleHarnessTests
{
    private static readonly JobDefinition Beat = new("beat", static _ => default);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunDueSchedulesAsync_AtEachTick_EnqueuesOneJobBeforeItReturns()
    {
        await using var app = await TestApp.StartAsync(
            lovage => lovage.AddJob(Beat).AddSchedule("minute", Cron.Parse("* * * * *"), Job.Create("beat")));
        await app.Host.Jobs().RunDueSchedulesAsync(Cancel);
        Assert.Empty(await app.Host.Jobs().EnqueuedAsync(Cancel));

        for (var tick = 1; tick <= 100; tick++)
        {
            app.Time.Advance(TimeSpan.FromMinutes(1));
            await app.Host.Jobs().RunDueSchedulesAsync(Cancel);
            Assert.Equal(tick, (await app.Host.Jobs().EnqueuedAsync(Cancel)).Count);
            Assert.Equal(1, await app.Host.Jobs().DrainAsync(Cancel));
        }
    }

    [Fact]
    public async Task RunDueSchedulesAsync_AppThatWasNeverStarted_KnowsTheSchedulesOfItsCode()
    {
        var (host, time) = Build(
            static lovage => lovage.AddSchedule("minute", Cron.Parse("* * * * *"), Job.Create("beat")));
        using var app = host;
        await host.Jobs().RunDueSchedulesAsync(Cancel);
        time.Advance(TimeSpan.FromMinutes(1));
        await host.Jobs().RunDueSchedulesAsync(Cancel);

        await host.Jobs().ShouldHaveEnqueuedAsync("beat", times: 1, cancellationToken: Cancel);
    }

    [Fact]
    public async Task RunDueSchedulesAsync_SeveralTicksAtOnce_FollowsTheMisfireRule()
    {
        var (host, time) = Build(static lovage => lovage
            .AddSchedule("once", Cron.Parse("* * * * *"), Job.Create("beat", "once"))
            .AddSchedule(
                "skip",
                Cron.Parse("* * * * *"),
                Job.Create("beat", "skip"),
                schedule => schedule.Misfire = MisfireRule.Skip));
        using var app = host;
        await host.Jobs().RunDueSchedulesAsync(Cancel);

        time.Advance(TimeSpan.FromMinutes(5.5));
        await host.Jobs().RunDueSchedulesAsync(Cancel);

        await host.Jobs().ShouldHaveEnqueuedAsync("beat", times: 1, cancellationToken: Cancel);
        await host.Jobs().ShouldHaveEnqueuedAsync("beat", times: 1, arguments: ["once"], cancellationToken: Cancel);
        var schedules = host.Services.GetRequiredService<ScheduleClient>();
        Assert.Equal(4, (await schedules.FindAsync("once", Cancel))!.Missed);
        Assert.Equal(5, (await schedules.FindAsync("skip", Cancel))!.Missed);
    }

    /// <summary>Not started: the test alone fires.</summary>
    private static (IHost Host, TestClock Time) Build(Action<LovageBuilder> set)
    {
        var time = new TestClock();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new("Lovage:Storage", "memory:")]);
        set(builder.AddLovage().UseTime(time).AddJob(Beat));
        return (builder.Build(), time);
    }
}
