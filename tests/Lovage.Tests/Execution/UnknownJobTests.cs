using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>What becomes of jobs whose names a worker does not know.</summary>
public sealed class UnknownJobTests
{
    private static readonly WorkerOwner Second = new("boot", "0", 2, 2, "second");
    private static readonly WorkerSettings Settings = new() { Concurrency = 4, MaxAttempts = 3 };

    [Fact]
    public void TwoWorkers_EachKnowsHalfOfTheNames_RunAllAndBuryNone()
    {
        var ran = new Dictionary<string, int>();
        JobDefinition Of(int number) => new($"job{number}", job =>
        {
            ran[job.Context.Id.Value] = ran.GetValueOrDefault(job.Context.Id.Value) + 1;
            return default;
        });

        using var world = new WorkerWorld(Settings, [.. Enumerable.Range(0, 5).Select(Of)]);
        var second = world.Add(Settings, Second, [.. Enumerable.Range(5, 5).Select(Of)]);
        world.Start();
        world.Do(() => second.StartAsync(CancellationToken.None));
        var ids = Enumerable.Range(0, 300).Select(i => world.Enqueue($"job{i % 10}")).ToList();
        var stranger = world.Enqueue("job", change: static message => message with { MaxAttempts = 1 });

        world.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(300, ran.Count);
        Assert.All(ran.Values, static times => Assert.Equal(1, times));
        Assert.All(ids, id => Assert.Equal((JobState.Succeeded, 1), (world.Find(id).State, world.Find(id).Attempts)));
        var waiting = world.Find(stranger);
        Assert.Equal((JobState.Scheduled, 0, 0), (waiting.State, waiting.Attempts, waiting.Message.Retries));
        Assert.StartsWith(OfferReasons.WaitingPrefix, waiting.Reason, StringComparison.Ordinal);

        world.Advance(Settings.OfferLimit - TimeSpan.FromMinutes(2));
        Assert.Equal(JobState.Scheduled, world.Find(stranger).State);
        world.Advance(TimeSpan.FromMinutes(3));
        var dead = world.Find(stranger);
        Assert.Equal((JobState.Dead, 0), (dead.State, dead.Attempts));
        Assert.StartsWith(OfferReasons.EndedPrefix(Settings.OfferLimit), dead.Reason, StringComparison.Ordinal);
        Assert.Contains(
            world.Logs,
            line => line.Event == 2023 && line.Text.Contains(stranger.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Job_ThatFailedSixTimes_SurvivesOffersToAStranger()
    {
        var tries = 0;
        var flaky = new JobDefinition("flaky", _ => ++tries <= 6 ? throw new InvalidOperationException() : default)
        {
            MaxAttempts = 7,
            Retry = new RetryPolicy { Backoff = Backoff.Fixed, Delay = TimeSpan.FromSeconds(30) },
        };
        using var world = new WorkerWorld(Settings, flaky);
        world.Start();
        var id = world.Enqueue("flaky", change: static message => message with { MaxAttempts = 7 });
        world.Until(() => tries == 6);
        world.Do(() => world.Worker.StopAsync(CancellationToken.None));

        var stranger = world.Add(Settings, Second);
        world.Do(() => stranger.StartAsync(CancellationToken.None));
        world.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal((6, 6), (world.Find(id).Message.Retries, world.Find(id).Attempts));
        world.Do(() => stranger.StopAsync(CancellationToken.None));

        var third = world.Add(Settings, new WorkerOwner("boot", "0", 3, 3, "third"), flaky);
        world.Do(() => third.StartAsync(CancellationToken.None));
        Assert.Equal((JobState.Succeeded, 7), (world.UntilEnded(id).State, world.Find(id).Attempts));
    }

    [Fact]
    public void Name_NoWorkerKnows_IsOfferedAfterEverLongerWaitsUpToTheSetting()
    {
        using var world = new WorkerWorld(Settings with { OfferDelayMax = TimeSpan.FromSeconds(20) });
        world.Start();
        Assert.All(
            Waits(world, world.Enqueue("strange"), 9).Zip([1, 2, 4, 8, 16, 20, 20, 20, 20]),
            static pair => Assert.InRange(pair.First, pair.Second / 2.0, pair.Second));
    }

    [Fact]
    public void Name_ABusyLiveWorkerKnows_IsOfferedAgainSoon()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings);
        var busy = world.Add(
            Settings with { Concurrency = 1, PrefetchMax = 0 },
            Second,
            new JobDefinition("n", async _ => await Task.Delay(TimeSpan.FromHours(1), world.Time)));
        world.Do(() => busy.StartAsync(CancellationToken.None));
        world.Enqueue("n");
        world.Start();
        Assert.All(
            Waits(world, world.Enqueue("n"), 11).Zip([0.1, 0.15, 0.225, 0.338, 0.507, 0.76, 1.14, 1.71, 2, 2, 2]),
            static pair => Assert.InRange(pair.First, pair.Second / 2.01, pair.Second * 1.01));
    }

    [Fact]
    public void Log_ManyOffersOfOneName_SaysItOnceAMinuteWithTheNearestName()
    {
        using var world = new WorkerWorld(Settings, Quick("mail.send"));
        world.Start();
        for (var i = 0; i < 20; i++)
        {
            world.Enqueue("mail.sned");
        }

        world.Advance(TimeSpan.FromSeconds(59));
        var line = Assert.Single(world.Logs, static line => line.Event == 2019);
        Assert.Contains("Did you mean 'mail.send'?", line.Text, StringComparison.Ordinal);
        world.Advance(TimeSpan.FromSeconds(119));
        Assert.InRange(world.Logs.Count(static line => line.Event == 2019), 2, 3);
    }

    [Fact]
    public void Expired_NameIsUnknown_Expires()
    {
        using var world = new WorkerWorld(Settings);
        world.Start();
        var id = world.Enqueue(
            "strange", change: message => message with { Expires = world.Time.GetUtcNow().AddSeconds(5) });
        Assert.Equal(JobState.Expired, world.UntilEnded(id).State);
    }

    /// <summary>The waits before the next offers of a job, in seconds.</summary>
    private static List<double> Waits(WorkerWorld world, JobId id, int count)
    {
        var waits = new List<double>();
        while (waits.Count < count)
        {
            var due = world.Find(id).DueAt;
            waits.Add((due!.Value - world.Time.GetUtcNow()).TotalSeconds);
            world.Until(() => world.Find(id).DueAt != due);
        }

        return waits;
    }

    private static JobDefinition Quick(string name) => new(name, static _ => default);
}
