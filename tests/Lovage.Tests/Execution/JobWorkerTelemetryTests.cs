using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

public sealed class JobWorkerTelemetryTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Span = "b7ad6b7169203331";

    private static readonly WorkerSettings Settings = new()
    {
        Concurrency = 1,
        MaxAttempts = 1,
        DrainTime = TimeSpan.FromSeconds(1),
    };

    [Fact]
    public void Word_EveryEnd_HasItsOwn()
    {
        Assert.Equal(
            [
                "success", "failure", "timeout", "retry", "rejected", "bad_arguments", "malformed",
                "cancelled", "expired", "interrupted", "owner_died",
            ],
            Enum.GetValues<AttemptEnd>().Select(WorkerMeters.Word));
        Assert.Throws<ArgumentOutOfRangeException>(() => WorkerMeters.Word((AttemptEnd)99));
    }

    [Fact]
    public void Word_EveryState_HasItsOwn()
    {
        Assert.Equal(
            [
                "scheduled", "queued", "running", "retrying", "succeeded", "failed", "cancelled", "expired", "dead",
            ],
            Enum.GetValues<JobState>().Select(WorkerMeters.Word));
        Assert.Throws<ArgumentOutOfRangeException>(() => WorkerMeters.Word((JobState)99));
    }

    [Fact]
    public void Completed_FailureThatIsRetried_SaysSo()
    {
        using var measured = new Measured("telemetry.again");
        using var world = new WorkerWorld(
            Settings with { MaxAttempts = 2 },
            new JobDefinition("telemetry.again", static _ => throw new InvalidOperationException()));
        world.Start();
        world.UntilEnded(world.Enqueue("telemetry.again"));

        Assert.Equal(
            ["retrying", "failed"],
            measured.All.Where(static one => one.Instrument == "lovage.job.completed")
                .Select(static one => one.Tag("lovage.job.state")));
    }

    [Theory]
    [InlineData(AttemptEnd.Succeeded, "success", "succeeded", null)]
    [InlineData(AttemptEnd.Failed, "failure", "failed", "System.InvalidOperationException")]
    [InlineData(AttemptEnd.TimedOut, "timeout", "failed", "System.Threading.Tasks.TaskCanceledException")]
    [InlineData(AttemptEnd.RetryAsked, "retry", "failed", "Lovage.RetryException")]
    [InlineData(AttemptEnd.Rejected, "rejected", "dead", "Lovage.RejectException")]
    [InlineData(AttemptEnd.BadArguments, "bad_arguments", "failed", "Lovage.BadArgumentsException")]
    [InlineData(AttemptEnd.Cancelled, "cancelled", "cancelled", "System.Threading.Tasks.TaskCanceledException")]
    [InlineData(AttemptEnd.Interrupted, "interrupted", "queued", "System.Threading.Tasks.TaskCanceledException")]
    public void Completed_HandlerThatEnds_IsCountedByItsOutcome(
        AttemptEnd end, string word, string state, string? errorType)
    {
        var name = $"telemetry.{word}";
        using var measured = new Measured(name);
        using (var world = new WorkerWorld(
            Settings,
            new JobDefinition(name, job => EndAs(end, job)) with
            {
                SoftTimeLimit = end == AttemptEnd.TimedOut ? TimeSpan.FromSeconds(1) : null,
            }))
        {
            world.Start();
            var id = world.Enqueue(name);
            Assert.Equal(1, measured.Sum("lovage.job.started"));
            if (end == AttemptEnd.Cancelled)
            {
                world.Cancel(id);
            }
            else if (end == AttemptEnd.Interrupted)
            {
                world.Do(() => world.Worker.StopAsync(CancellationToken.None));
            }
            else
            {
                world.UntilEnded(id);
            }
        }

        var completed = Assert.Single(measured.All, one => one.Instrument == "lovage.job.completed");
        Assert.Equal(
            (1.0, word, state, errorType, "default"),
            (
                completed.Value,
                completed.Tag("lovage.job.outcome"),
                completed.Tag("lovage.job.state"),
                completed.Tag("error.type"),
                completed.Tag("messaging.destination.name")));
        Assert.Equal(0, measured.Sum("lovage.job.active"));
        Assert.Equal(2, measured.All.Count(one => one.Instrument == "lovage.job.active"));
        var ended = completed.Tags.Remove("lovage.job.state");
        Assert.Equal(
            ended, Assert.Single(measured.All, one => one.Instrument == "lovage.job.run.duration").Tags);
        Assert.Equal(
            ended, Assert.Single(measured.All, one => one.Instrument == "messaging.process.duration").Tags);
    }

    [Fact]
    public void Completed_HandlerThatNeverReturns_IsATimeout()
    {
        using var measured = new Measured("telemetry.stuck");
        using var world = new WorkerWorld(
            Settings,
            new JobDefinition("telemetry.stuck", static async _ => await new TaskCompletionSource().Task) with
            {
                TimeLimit = TimeSpan.FromSeconds(1),
            });
        world.Start();
        world.UntilEnded(world.Enqueue("telemetry.stuck"));
        Assert.Equal(
            "timeout",
            Assert.Single(measured.All, one => one.Instrument == "lovage.job.completed").Tag("lovage.job.outcome"));
        Assert.Equal(0, measured.Sum("lovage.job.active"));
    }

    [Fact]
    public void Completed_MoreJobsThanNames_CountsTheRestTogether()
    {
        using var measured = new Measured("_other");
        using var world = new WorkerWorld(
            Settings with { Concurrency = 10 },
            [.. Enumerable.Range(0, 210).Select(static i => new JobDefinition($"many.{i}", static _ => default))]);
        world.Start();

        foreach (var id in Enumerable.Range(0, 210).Select(i => world.Enqueue($"many.{i}")).ToList())
        {
            world.UntilEnded(id);
        }

        Assert.Equal((10, 10), (measured.Sum("lovage.job.started"), measured.Sum("lovage.job.completed")));
        Assert.Equal(0, measured.Sum("lovage.job.active"));
    }

    [Fact]
    public void WaitDuration_FirstAttemptOnly_IsFromReadyToStarted()
    {
        using var measured = new Measured("telemetry.wait");
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings with { MaxAttempts = 2 }, new JobDefinition(
            "telemetry.wait",
            static job => job.Context.Attempt == 1 ? throw new InvalidOperationException() : default));
        var id = world.Enqueue("telemetry.wait", change: message => message with { Delay = TimeSpan.FromSeconds(100) });
        world.Advance(TimeSpan.FromSeconds(107));
        world.Start();
        world.UntilEnded(id);
        Assert.Equal(2, measured.Sum("lovage.job.started"));
        Assert.Equal(7, Assert.Single(measured.All, one => one.Instrument == "lovage.job.wait.duration").Value, 3);
    }

    [Theory]
    [InlineData($"00-{Trace}-{Span}-01", Trace, Span)]
    [InlineData("00-nonsense", null, "0000000000000000")]
    [InlineData(null, null, "0000000000000000")]
    public void Process_Span_ContinuesTheTraceOfTheMessage(string? parent, string? trace, string span)
    {
        var name = $"telemetry.span{parent?.Length}";
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Lovage",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Name == $"process {name}"
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.None,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        ActivityTraceId? seen = null;
        using var world = new WorkerWorld(Settings, new JobDefinition(name, _ =>
        {
            seen = Activity.Current?.TraceId;
            throw new InvalidOperationException();
        }));
        world.Start();
        var id = world.Enqueue(
            name,
            change: message => message with
            {
                Retries = 0,
                Headers = parent is null ? message.Headers : message.Headers.Add("traceparent", parent),
            });
        world.UntilEnded(id);

        var activity = Assert.Single(spans, one => one.DisplayName == $"process {name}");
        Assert.Equal(
            (ActivityKind.Consumer, span, ActivityStatusCode.Error),
            (activity.Kind, activity.ParentSpanId.ToHexString(), activity.Status));
        Assert.Equal(activity.TraceId, seen);
        if (trace is not null)
        {
            Assert.Equal(trace, activity.TraceId.ToHexString());
        }

        Assert.Equal(
            ("process", "default", id.Value, name, 1, "failure", "System.InvalidOperationException"),
            (
                activity.GetTagItem("messaging.operation.type"),
                activity.GetTagItem("messaging.destination.name"),
                activity.GetTagItem("messaging.message.id"),
                activity.GetTagItem("lovage.job.name"),
                activity.GetTagItem("lovage.job.attempt"),
                activity.GetTagItem("lovage.job.outcome"),
                activity.GetTagItem("error.type")));
    }

    private static async ValueTask EndAs(AttemptEnd end, JobInvocation job)
    {
        switch (end)
        {
            case AttemptEnd.Succeeded:
                return;
            case AttemptEnd.Failed:
                throw new InvalidOperationException();
            case AttemptEnd.RetryAsked:
                throw Retry.After(TimeSpan.Zero);
            case AttemptEnd.Rejected:
                throw Reject.Because("no");
            case AttemptEnd.BadArguments:
                throw new BadArgumentsException(job.Context.Name, "x", "bad");
            default:
                await Task.Delay(Timeout.InfiniteTimeSpan, job.Context.CancellationToken);
                return;
        }
    }

    private sealed record Measurement(string Instrument, double Value, ImmutableSortedDictionary<string, string?> Tags)
    {
        internal string? Tag(string name) => Tags.GetValueOrDefault(name);
    }

    /// <summary>What is measured of one job; meters are the process's, and other tests run beside this one.</summary>
    private sealed class Measured : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<Measurement> _all = [];
        private readonly string _job;

        internal Measured(string job)
        {
            _job = job;
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Lovage")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        internal IReadOnlyList<Measurement> All
        {
            get
            {
                lock (_all)
                {
                    return [.. _all];
                }
            }
        }

        internal double Sum(string instrument) => All.Where(one => one.Instrument == instrument).Sum(one => one.Value);

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var named = tags.ToArray().ToImmutableSortedDictionary(tag => tag.Key, tag => tag.Value?.ToString());
            if (named.GetValueOrDefault("lovage.job.name") == _job)
            {
                lock (_all)
                {
                    _all.Add(new Measurement(instrument.Name, value, named));
                }
            }
        }
    }
}
