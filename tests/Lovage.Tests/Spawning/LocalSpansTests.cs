using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Spawning;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lovage.Tests.Spawning;

/// <summary>How the span of a task of this process relates to its caller's.</summary>
public sealed class LocalSpansTests : IDisposable
{
    private readonly ActivitySource _source = new("test");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _source.Dispose();

    [Theory]
    [InlineData("Auto", 0, "child")]
    [InlineData("Auto", 61, "link")]
    [InlineData("Parent", 61, "child")]
    [InlineData("Link", 0, "link")]
    public async Task Run_SpawnedTask_RelatesByItsDelay(string option, int delay, string expected)
    {
        var name = $"spans.{option}.{delay}";
        using var spans = new SpanList(span => span == $"run {name}" || span == $"request {name}");
        await using var world = await SpawnWorld.StartAsync(settings: ("Lovage:Telemetry:TraceRelation", option));
        string? tenant = null;
        using var caller = _source.StartActivity($"request {name}")!;
        caller.AddBaggage("tenant", "acme");

        _ = world.Spawner.Spawn(
            name,
            _ =>
            {
                tenant = Activity.Current?.GetBaggageItem("tenant");
                return Task.CompletedTask;
            },
            delay > 0 ? new SpawnOptions { Delay = TimeSpan.FromSeconds(delay) } : null);
        if (delay > 0)
        {
            await world.AdvanceToNextTimerAsync();
        }

        await world.IdleAsync();
        Assert.Equal(expected, SpanList.Relation(Assert.Single(spans.All), caller.Context));
        Assert.Equal("acme", tenant);
    }

    [Theory]
    [InlineData(TraceRelation.Auto, "link")]
    [InlineData(TraceRelation.Parent, "child")]
    [InlineData(TraceRelation.Link, "link")]
    public async Task Run_TaskAfterAResponse_LinksToTheRequest(TraceRelation option, string expected)
    {
        var name = $"spans.after.{option}";
        using var spans = new SpanList(span => span == $"run {name}" || span == $"request {name}");
        var done = new TaskCompletionSource();
        var runner = new LocalRunner(
            new LocalSettings
            {
                AfterResponseMax = 10,
                AfterResponseConcurrency = 1,
                SpawnedMax = 10,
                DedicatedMax = 1,
                DedicatedThreads = 1,
                DrainTime = TimeSpan.Zero,
                StopTime = null,
                CancelTime = TimeSpan.Zero,
            },
            TimeProvider.System,
            new Random(1),
            new LocalReport(NullLogger.Instance),
            LocalListeners.Of(
                NullLogger.Instance, [], TimeProvider.System, new TelemetrySettings { TraceRelation = option }));
        ActivityContext asked;
        using (var request = _source.StartActivity($"request {name}")!)
        {
            asked = request.Context;
            var tasks = new TestRequestTasks(runner, null!);
            tasks.Add(name, new ActionCall(static () => { }, null));
            tasks.Start();
        }

        await runner.WhenIdleAsync(Cancel).WaitAsync(SpawnWorld.Patience, Cancel);
        Assert.Equal(expected, SpanList.Relation(Assert.Single(spans.Named($"run {name}")), asked));
    }
}
