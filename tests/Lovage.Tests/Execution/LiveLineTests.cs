using Lovage.Execution;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Execution;

/// <summary>What a worker writes of a running attempt, and how long its job has waited.</summary>
public sealed class LiveLineTests
{
    private static readonly WorkerSettings Settings = new() { Concurrency = 1, PrefetchMax = 2 };

    [Fact]
    public void Lines_OfARunningHandler_AreWrittenAtMostOnceAnInterval()
    {
        using var world = World(TimeSpan.FromMilliseconds(300), reports: false);
        world.Start();
        var id = world.Enqueue("log");
        world.Advance(TimeSpan.FromSeconds(1.5));
        var first = Lines(world, id);
        Assert.InRange(first.Count, 1, 5);
        Assert.Equal("line 1", first[0].Message);
        Assert.Null(world.Find(id).Progress);

        world.Advance(TimeSpan.FromMilliseconds(400));
        Assert.Equal(first, Lines(world, id));
        world.Advance(TimeSpan.FromSeconds(1));
        Assert.True(Lines(world, id).Count > first.Count);
        world.UntilEnded(id);
        Assert.Empty(Lines(world, id));
        Assert.Equal(20, Assert.Single(world.Attempts(id)).Logs.Count);
    }

    [Fact]
    public void Lines_BesideProgress_ComeWithIt()
    {
        using var world = World(TimeSpan.FromMilliseconds(300), reports: true);
        world.Start();
        var id = world.Enqueue("log");
        world.Advance(TimeSpan.FromSeconds(3));

        Assert.NotNull(world.Find(id).Progress);
        Assert.NotEmpty(Lines(world, id));
    }

    [Fact]
    public void TakeLive_GivesTheNewestOnceForEachChange()
    {
        var log = new AttemptLog(1_000, 1_000_000);
        Assert.Empty(log.TakeLive());
        for (var i = 0; i < 150; i++)
        {
            log.Add(Line($"{i}"));
        }

        var lines = log.TakeLive();
        Assert.Equal((ProgressUpdate.LiveLinesMax, "50", "149"), (lines.Count, lines[0].Message, lines[^1].Message));
        Assert.Empty(log.TakeLive());
        log.Add(Line("next"));
        Assert.Equal("next", log.TakeLive()[^1].Message);
        Assert.Equal(151, log.Take().Count);
    }

    [Fact]
    public void TakeLive_MoreThanTheCharacters_GivesWhatFits()
    {
        var log = new AttemptLog(1_000, 1_000_000);
        for (var i = 0; i < 5; i++)
        {
            log.Add(Line(new string((char)('a' + i), 5_000)));
        }

        Assert.Equal(["c", "d", "e"], log.TakeLive().Select(static line => line.Message[..1]));
        log.Add(Line(new string('x', 100_000)));
        Assert.Equal(16 * 1024, Assert.Single(log.TakeLive()).Message.Length);
    }

    [Fact]
    public void Wait_OfEachAttempt_IsFromReadyToItsStart()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(
            Settings with
            {
                Retry = new RetryPolicy { Backoff = Backoff.Fixed, Delay = TimeSpan.FromSeconds(10) },
                MaxAttempts = 2,
            },
            new JobDefinition("slow", async _ => await Task.Delay(TimeSpan.FromSeconds(4), world.Time)),
            new JobDefinition("fail", static _ => throw new InvalidOperationException("no")));
        world.Start();
        var (first, second) = (world.Enqueue("slow"), world.Enqueue("fail"));
        world.UntilEnded(first);
        world.UntilEnded(second);

        Assert.InRange(Assert.Single(world.Attempts(first)).Wait!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(0.2));
        var waits = world.Attempts(second).Select(static attempt => attempt.Wait!.Value).ToArray();
        Assert.InRange(waits[0], TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(4.2));
        Assert.InRange(waits[1], TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Wait_OfAnAttemptThatNoHandlerSaw_IsUnknown()
    {
        using var world = new WorkerWorld(Settings, new JobDefinition("never", static _ => default));
        var id = world.Enqueue(
            "never", change: message => message with { Expires = world.Time.GetUtcNow().AddSeconds(1) });
        world.Advance(TimeSpan.FromSeconds(2));
        world.Start();
        world.UntilEnded(id);

        var attempt = Assert.Single(world.Attempts(id));
        Assert.Equal((AttemptEnd.Expired, null), (attempt.End, attempt.Wait));
    }

    private static WorkerWorld World(TimeSpan pause, bool reports)
    {
        WorkerWorld world = null!;
        return world = new WorkerWorld(Settings, new JobDefinition("log", async job =>
        {
            var logger = world.Loggers.CreateLogger("Shop");
            for (var i = 1; i <= 20; i++)
            {
                WriteLine(logger, i);
                if (reports)
                {
                    job.Context.Progress.Report(i / 20.0);
                }

                await Task.Delay(pause, world.Time);
            }
        }));
    }

    private static void WriteLine(ILogger logger, int number)
    {
        if (logger.IsEnabled(LogLevel.Information))
        {
            logger.LogInformation("line {Number}", number);
        }
    }

    private static LogLine Line(string text) => new(DateTimeOffset.UnixEpoch, 2, "Shop", text);

    private static IReadOnlyList<LogLine> Lines(WorkerWorld world, JobId id)
    {
        IReadOnlyList<LogLine> lines = [];
        world.Do(async () => lines = await world.Memory.History!.LiveLinesAsync(id, CancellationToken.None));
        return lines;
    }
}
