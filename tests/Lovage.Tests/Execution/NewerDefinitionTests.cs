using System.Collections.Immutable;
using System.Text;
using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <summary>
/// What becomes of arguments that a newer definition of the job has written, while workers of two versions run.
/// </summary>
public sealed class NewerDefinitionTests
{
    private const string Name = "mail.greet";

    private static readonly WorkerOwner Second = new("boot", "0", 2, 2, "second");
    private static readonly WorkerSettings Settings = new() { Concurrency = 4, MaxAttempts = 3 };

    private readonly List<int> _ran = [];

    [Theory]
    [InlineData("""["a","de"],{}""")]
    [InlineData("""["a"],{"language":"de"}""")]
    [InlineData("""[],{"language":"de","email":"a"}""")]
    public void Arguments_OfANewerDefinition_WaitForAWorkerThatHasIt(string arguments)
    {
        using var world = new WorkerWorld(Settings, Version(1));
        world.Start();
        var id = Enqueue(world, arguments, parameters: 2);
        world.Advance(TimeSpan.FromMinutes(10));

        var waiting = world.Find(id);
        Assert.Equal((JobState.Scheduled, 0, 0), (waiting.State, waiting.Attempts, waiting.Message.Retries));
        Assert.InRange(waiting.Offers, 5, 30);
        Assert.StartsWith(OfferReasons.WaitingPrefix, waiting.Reason, StringComparison.Ordinal);
        Assert.InRange(world.Logs.Count(static line => line.Event == 2025), 5, 11);
        Assert.Contains(
            world.Logs, static line => line.Text.Contains("need 2 parameters", StringComparison.Ordinal));

        var newer = world.Add(Settings, Second, Version(2));
        world.Do(() => newer.StartAsync(CancellationToken.None));
        Assert.Equal((JobState.Succeeded, 1), (world.UntilEnded(id).State, world.Find(id).Attempts));
        Assert.Equal([2], _ran);
    }

    [Fact]
    public void Arguments_OfANewerDefinitionThatNoWorkerHas_AreADeadLetterAfterTheLimit()
    {
        using var world = new WorkerWorld(Settings, Version(1));
        world.Start();
        var id = Enqueue(world, """["a","de"],{}""", parameters: 2);
        world.Advance(Settings.OfferLimit - TimeSpan.FromMinutes(2));
        Assert.Equal(JobState.Scheduled, world.Find(id).State);

        world.Advance(TimeSpan.FromMinutes(3));
        var dead = world.Find(id);
        Assert.Equal((JobState.Dead, 0), (dead.State, dead.Attempts));
        Assert.StartsWith(OfferReasons.EndedPrefix(Settings.OfferLimit), dead.Reason, StringComparison.Ordinal);
        Assert.Empty(_ran);
    }

    [Theory]
    [InlineData(1, """["a"],{}""", 1)]
    [InlineData(2, """["a","de"],{}""", 2)]
    [InlineData(2, """["a"],{}""", 0)]
    public void Arguments_ThatTheHandlerTakes_RunAtOnce(int version, string arguments, int parameters)
    {
        using var world = new WorkerWorld(Settings, Version(version));
        world.Start();

        var ended = world.UntilEnded(Enqueue(world, arguments, parameters));

        Assert.Equal((JobState.Succeeded, 1, TimeSpan.Zero), (ended.State, ended.Attempts, world.Elapsed));
    }

    [Fact]
    public void Arguments_OfAnotherProducer_FailAtOnceWhereNoWorkerTakesThem()
    {
        using var world = new WorkerWorld(Settings, Version(1));
        var older = world.Add(Settings, Second, Version(1));
        world.Do(() => older.StartAsync(CancellationToken.None));
        world.Start();

        var ended = world.UntilEnded(Enqueue(world, """["a","de"],{}""", parameters: 0));

        Assert.Equal((JobState.Failed, 1, 0), (ended.State, ended.Attempts, ended.Offers));
        Assert.Contains("arguments given by position: 2", ended.Reason, StringComparison.Ordinal);
        Assert.Equal(AttemptEnd.BadArguments, Assert.Single(world.Attempts(ended.Id)).End);
    }

    [Theory]
    [InlineData("""["a","de"],{}""", 0)]
    [InlineData("""["a"],{"tongue":"de"}""", 0)]
    [InlineData("""["a","de"],{}""", 2)]
    public void Arguments_ThatABusyLiveWorkerTakes_AreLeftToIt(string arguments, int parameters)
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, Version(1));
        var busy = world.Add(
            Settings with { Concurrency = 1, PrefetchMax = 0 },
            Second,
            Version(2, arguments.Contains("tongue", StringComparison.Ordinal) ? "tongue" : "language"),
            new JobDefinition("hold", async _ => await Task.Delay(TimeSpan.FromMinutes(1), world.Time)));
        world.Do(() => busy.StartAsync(CancellationToken.None));
        world.Enqueue("hold");
        world.Advance(TimeSpan.FromSeconds(1));
        world.Start();

        var id = Enqueue(world, arguments, parameters);
        world.Advance(TimeSpan.FromSeconds(30));

        var waiting = world.Find(id);
        Assert.Equal((JobState.Scheduled, 0, 0), (waiting.State, waiting.Attempts, waiting.Message.Retries));
        Assert.InRange(waiting.Offers, 10, 60);
        Assert.InRange(waiting.DueAt!.Value - world.Time.GetUtcNow(), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Single(world.Logs, static line => line.Event == 2026);
        Assert.Equal((JobState.Succeeded, 1), (world.UntilEnded(id).State, world.Find(id).Attempts));
        Assert.Equal([2], _ran);
    }

    [Fact]
    public void Arguments_ThatAWorkerTakesWhichStartedSinceTheLastList_AreLeftToIt()
    {
        const string Arguments = """["a","de"],{}""";
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, Version(1));
        world.Start();
        Assert.Equal(JobState.Failed, world.UntilEnded(Enqueue(world, Arguments, parameters: 0)).State);
        var busy = world.Add(
            Settings with { Concurrency = 1, PrefetchMax = 0, Queues = ["default", "holds"] },
            Second,
            Version(2),
            new JobDefinition("hold", async _ => await Task.Delay(TimeSpan.FromMinutes(1), world.Time)));
        world.Enqueue("hold", change: static message => message with { Queue = "holds" });
        world.Do(() => busy.StartAsync(CancellationToken.None));
        world.Advance(TimeSpan.FromMilliseconds(500));

        var id = Enqueue(world, Arguments, parameters: 0);

        Assert.Equal((JobState.Succeeded, 1), (world.UntilEnded(id).State, world.Find(id).Attempts));
        Assert.Equal([2], _ran);
    }

    [Fact]
    public void Arguments_ThatAlsoTheNewerWorkerDoesNotTake_FailAtOnce()
    {
        using var world = new WorkerWorld(Settings, Version(1));
        var newer = world.Add(Settings with { Queues = ["default", "other"] }, Second, Version(2));
        world.Do(() => newer.StartAsync(CancellationToken.None));
        world.Start();

        var ended = world.UntilEnded(Enqueue(world, """["a","de",3],{}""", parameters: 0));

        Assert.Equal((JobState.Failed, 1, 0), (ended.State, ended.Attempts, ended.Offers));
    }

    private static JobId Enqueue(WorkerWorld world, string arguments, int parameters) => world.Enqueue(
        Name,
        change: message => message with
        {
            Body = Encoding.UTF8.GetBytes($"[{arguments},{{}}]"),
            Parameters = parameters,
            MaxAttempts = 1,
        });

    /// <summary>The job with its first one or both parameters.</summary>
    private JobDefinition Version(int parameters, string second = "language")
    {
        ImmutableArray<JobParameter> all =
            [new("email", typeof(string), false), new(second, typeof(string), true)];
        all = all[..parameters];
        return new JobDefinition(Name, invocation =>
        {
            var reader = invocation.ReadArguments();
            reader.Read<string>("email");
            if (parameters > 1)
            {
                reader.Read(second, "en");
            }

            reader.End(all);
            _ran.Add(parameters);
            return default;
        })
        {
            Parameters = all,
        };
    }
}
