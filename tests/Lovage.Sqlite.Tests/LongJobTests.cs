using Lovage.Specification;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>
/// A job that takes an hour holds the only slot of the app's worker: the ticks of the schedules are written at their
/// instants all the same.
/// </summary>
public sealed class LongJobTests : IDisposable
{
    /// <summary>
    /// Less than the longest lease there is: by this clock an hour passes faster than the thread that renews may get
    /// its turn.
    /// </summary>
    private const int Minutes = 55;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly WakeUp _recorded = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("memory:")]
    [InlineData("sqlite:")]
    public async Task Schedules_WorkerIsFull_WriteTheirTicksOnTime(string scheme)
    {
        var (begun, mayEnd) = (
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var quick = 0;
        using var host = Build(
            scheme == "sqlite:" ? scheme + _folder.File : scheme,
            new JobDefinition("hour", async _ =>
            {
                begun.SetResult();
                await mayEnd.Task;
            }),
            new JobDefinition("quick", _ =>
            {
                Interlocked.Increment(ref quick);
                return default;
            }));
        await host.StartAsync(Stop);
        var storage = host.Services.GetRequiredService<JobStorage>();
        using var heard = storage.Signals.Subscribe(
            _ => _recorded.Pulse(), SignalKind.JobsReady, SignalKind.SchedulesChanged);
        var schedules = host.Services.GetRequiredService<ScheduleClient>();
        await UntilAsync(async () => await schedules.FindAsync("five", Stop) is not null
            && await schedules.FindAsync("minute", Stop) is not null);
        var hour = await host.Services.GetRequiredService<JobClient>().EnqueueAsync(Job.Create("hour"), Stop);
        await begun.Task.WaitAsync(Patience, Stop);

        for (var minute = 1; minute <= Minutes; minute++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));

            // The clock stands still until the ticks are written; one who had looked just before would wait on it.
            storage.Signals.Send(new Signal(SignalKind.SchedulesChanged));
            var (one, five) = (minute, minute / 5);
            await UntilAsync(async () => (await schedules.GetHistoryAsync("minute", 100, Stop)).Count == one
                && (await schedules.GetHistoryAsync("five", 100, Stop)).Sum(static line => line.Count) == five);
        }

        // By this clock the hour may pass before the worker's watch has had its turn to write that the job runs.
        Assert.Equal((false, 0), ((await hour.FindAsync(Stop))!.State.IsFinal, quick));
        var ofMinute = await schedules.GetHistoryAsync("minute", 100, Stop);
        Assert.All(
            ofMinute, static tick => Assert.Equal((TickStatus.Fired, tick.Tick), (tick.Status, tick.RecordedAt)));
        var waiting = await storage.History!.FindAsync([.. ofMinute.Select(static tick => tick.JobId!.Value)], Stop);
        Assert.All(waiting, static job => Assert.Equal(JobState.Queued, job!.State));
        var ofFive = await schedules.GetHistoryAsync("five", 100, Stop);
        Assert.All(ofFive, static line => Assert.Equal(line.Through, line.RecordedAt));
        Assert.Equal(
            [(TickStatus.Skipped, (Minutes / 5) - 1L), (TickStatus.Fired, 1L)],
            ofFive.Select(static line => (line.Status, line.Count)));

        mayEnd.SetResult();
        await host.StopAsync(Stop);
    }

    private IHost Build(string address, params JobDefinition[] jobs)
    {
        var builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { ApplicationName = "shop", EnvironmentName = "Development" });
        var lovage = builder.AddLovage(options => options.Storage = address)
            .AddStorageProvider(new SqliteStorageProvider())
            .UseTime(_time)
            .AddWorker(static worker => (worker.Concurrency, worker.Lease) = (1, TimeSpan.FromHours(1)))
            .AddSchedule(
                "minute",
                Every.Minutes(1),
                Job.Create("quick"),
                static schedule => (schedule.Overlap, schedule.OverlapMax) = (OverlapRule.Allow, 1_000))
            .AddSchedule("five", Every.Minutes(5), Job.Create("quick"));
        foreach (var job in jobs)
        {
            lovage.AddJob(job);
        }

        return builder.Build();
    }

    private async Task UntilAsync(Func<Task<bool>> isSo)
    {
        while (true)
        {
            var seen = _recorded.Version;
            if (await isSo())
            {
                return;
            }

            Assert.True(await _recorded.WaitAsync(seen, Patience, TimeProvider.System, Stop), "It never came about.");
        }
    }
}
