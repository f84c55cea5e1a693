using System.Text.Json;
using Lovage.Execution;
using Lovage.Generated;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Execution;

/// <summary>Faults that are no failure of the handler's work, and failures that hide in an aggregate.</summary>
public sealed class HandlerFaultTests
{
    private static readonly WorkerSettings Settings = new()
    {
        Concurrency = 1,
        MaxAttempts = 3,
        Retry = new RetryPolicy { Backoff = Backoff.Fixed, Delay = TimeSpan.FromSeconds(10) },
    };

    public static TheoryData<string> BadResults => ["cycle", "deep", "getter", "type"];

    [Theory]
    [MemberData(nameof(BadResults))]
    public void Result_ThatIsNoJson_IsLeftOutAndTheHandlerRunsOnce(string kind)
    {
        var runs = 0;
        using var world = new WorkerWorld(Settings, Define("n", job =>
        {
            runs++;
            switch (kind)
            {
                case "cycle":
                    var node = new Node();
                    node.Next = node;
                    job.SetResult(node);
                    break;
                case "deep":
                    var top = new Node();
                    for (var i = 0; i < 200; i++)
                    {
                        top = new Node { Next = top };
                    }

                    job.SetResult(top);
                    break;
                case "getter":
                    job.SetResult(new Spiteful());
                    break;
                default:
                    job.SetResult(typeof(Node));
                    break;
            }
        }));
        world.Start();
        var record = world.UntilEnded(world.Enqueue("n"));
        world.Rest();

        Assert.Equal((JobState.Succeeded, 1, 1, 0), (record.State, record.Attempts, runs, record.Result.Length));
        Assert.StartsWith(
            "The result was left out: it cannot be written as JSON (", record.Reason, StringComparison.Ordinal);
        var line = Assert.Single(world.Shown, static line => line.Event == 2024);
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.Contains(record.Reason!, line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Aggregate_OneRetryInside_IsAskedFor()
    {
        using var world = new WorkerWorld(Settings, Blocking("n", Retry.After(TimeSpan.FromHours(1))));
        world.Start();
        var id = world.Enqueue("n");
        world.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal((JobState.Retrying, 1), (world.Find(id).State, world.Find(id).Attempts));
        Assert.Equal(AttemptEnd.RetryAsked, Assert.Single(world.Attempts(id)).End);
        world.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2, world.Find(id).Attempts);
    }

    [Fact]
    public void Aggregate_RejectInside_IsARejection()
    {
        using var world = new WorkerWorld(
            Settings, Blocking("n", Retry.After(TimeSpan.FromHours(1)), Reject.Because("no such customer")));
        world.Start();
        var record = world.UntilEnded(world.Enqueue("n"));

        Assert.Equal((JobState.Dead, 1), (record.State, record.Attempts));
    }

    [Theory]
    [InlineData("retry", 3)]
    [InlineData("never", 1)]
    [InlineData("both", 1)]
    [InlineData("none", 1)]
    [InlineData("asked", 3)]
    public void Aggregate_PolicyNamesAnInnerError_Counts(string inner, int attempts)
    {
        Exception[] errors = inner switch
        {
            "retry" => [new InvalidOperationException(), new TimeoutException()],
            "never" => [new InvalidOperationException(), new FormatException()],
            "both" => [new TimeoutException(), new FormatException()],
            "none" => [new InvalidOperationException()],

            // The policy names one of them: its waits count, and not the one that was asked for.
            _ => [Retry.After(TimeSpan.FromDays(1)), new TimeoutException()],
        };
        using var world = new WorkerWorld(Settings, Blocking("n", errors) with
        {
            Retry = Settings.Retry with
            {
                MaxAttempts = 3,
                RetryOn = [typeof(TimeoutException)],
                NeverRetryOn = [typeof(FormatException)],
            },
        });
        world.Start();
        var record = world.UntilEnded(world.Enqueue("n"));

        Assert.Equal((JobState.Failed, attempts), (record.State, record.Attempts));
        Assert.True(world.Elapsed < TimeSpan.FromMinutes(5), $"{world.Elapsed}");
    }

    [Fact]
    public void Aggregate_SeveralErrors_AreAllInTheHistory()
    {
        using var world = new WorkerWorld(
            Settings with { MaxAttempts = 1 },
            Blocking("n", new InvalidOperationException("one"), new AggregateException(new TimeoutException("two"))));
        world.Start();
        var error = world.UntilEnded(world.Enqueue("n")).Error!;

        Assert.Equal(typeof(AggregateException).FullName, error.Type);
        Assert.Contains(
            "--- caused by System.InvalidOperationException: one", error.Traceback, StringComparison.Ordinal);
        Assert.Contains("--- caused by System.TimeoutException: two", error.Traceback, StringComparison.Ordinal);
    }

    [Fact]
    public void Aggregate_OneErrorInside_StandsForTheWhole()
    {
        using var world = new WorkerWorld(
            Settings with { MaxAttempts = 1 }, Blocking("n", new InvalidOperationException("one")));
        world.Start();
        var error = world.UntilEnded(world.Enqueue("n")).Error!;

        Assert.Equal((typeof(InvalidOperationException).FullName, "one"), (error.Type, error.Message));
    }

    private static JobDefinition Define(string name, Action<JobInvocation> run) => new(name, job =>
    {
        run(job);
        return default;
    });

    /// <summary>A handler that blocks on its work, as Wait(), Parallel and PLINQ do.</summary>
    private static JobDefinition Blocking(string name, params Exception[] errors) =>
        Define(name, _ => Task.WhenAll(errors.Select(Task.FromException)).Wait());

    private sealed class Node
    {
        public Node? Next { get; set; }
    }

    private sealed class Spiteful
    {
        public string Name => throw new JsonException("no name");
    }
}
