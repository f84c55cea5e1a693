using System.Diagnostics;
using System.Diagnostics.Metrics;
using Lovage.Execution;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Execution;

/// <summary>What listeners hear of attempts, and what they cannot do to them.</summary>
public sealed class AttemptListenerTests
{
    private static readonly WorkerSettings Settings = new()
    {
        Concurrency = 1,
        MaxAttempts = 3,
        Retry = new RetryPolicy { Backoff = Backoff.Fixed, Delay = TimeSpan.FromSeconds(10) },
    };

    [Fact]
    public void Log_RetryOfAJobThatIsToBeCancelled_SaysThatItIsCancelled()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, new JobDefinition("n", async _ =>
        {
            await Task.Delay(TimeSpan.FromSeconds(5), world.Time);
            throw Retry.After(TimeSpan.FromSeconds(1));
        }));
        world.Start();
        var id = world.Enqueue("n");
        Assert.Equal(CancelStatus.Requested, world.Cancel(id));

        Assert.Equal((JobState.Cancelled, 1), (world.UntilEnded(id).State, world.Find(id).Attempts));
        world.Rest();
        var line = Assert.Single(world.Logs, static line => line.Event is 2001 or 2002 or 2003 or 2015 or 2018);
        Assert.Equal(2018, line.Event);
        Assert.Contains("is not tried again: the job is cancelled", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Log_OutcomeThatIsNotWrittenYet_SaysNothing()
    {
        var isBroken = true;
        using var world = new WorkerWorld(
            Settings,
            [new JobDefinition("n", static _ => default)],
            null,
            wrap: (memory, _) => new FailingStorage(
                memory,
                TimeProvider.System,
                _ => isBroken ? new StorageException("away", isTransient: true) : null));
        world.Start();
        var id = world.Enqueue("n");
        world.Advance(TimeSpan.FromSeconds(10));
        Assert.DoesNotContain(world.Logs, static line => line.Event == 2001);

        isBroken = false;
        world.UntilEnded(id);
        world.Rest();
        Assert.Single(world.Logs, static line => line.Event == 2001);
    }

    [Fact]
    public void Log_ProviderThatThrows_ChangesNoOutcome()
    {
        using var world = new WorkerWorld(
            Settings,
            new JobDefinition("good", static _ => default),
            new JobDefinition("bad", static _ => throw new HostileException()));
        world.Fault = static () => new InvalidTimeZoneException("a log provider");
        world.Start();
        var (good, bad) = (world.Enqueue("good"), world.Enqueue("bad"));
        Assert.Equal(JobState.Succeeded, world.UntilEnded(good).State);
        var record = world.UntilEnded(bad);
        Assert.Equal((JobState.Failed, 3), (record.State, record.Attempts));
        Assert.Contains(nameof(HostileException), record.Error!.Type, StringComparison.Ordinal);
        world.Do(() => world.Worker.StopAsync(CancellationToken.None));
        Assert.Equal(WorkerPhase.Stopped, world.Worker.Status.Phase);
    }

    [Fact]
    public void Spans_ListenerThatThrows_ChangesNoOutcome()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Lovage",
            Sample = static (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Name == "process spans.fail"
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
            ActivityStarted = static activity => Throw(activity.DisplayName),
            ActivityStopped = static activity => Throw(activity.DisplayName),
        };
        ActivitySource.AddActivityListener(listener);
        using var world = new WorkerWorld(Settings, new JobDefinition("spans.fail", static _ => default));
        world.Start();
        Assert.Equal((JobState.Succeeded, 1), Ended(world, world.Enqueue("spans.fail")));
    }

    [Fact]
    public void Meters_ListenerThatThrows_ChangesNoOutcome()
    {
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Lovage"
                    && instrument.Name.StartsWith("lovage.job.", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(static (_, _, tags, _) => ThrowFor(tags));
        listener.SetMeasurementEventCallback<double>(static (_, _, tags, _) => ThrowFor(tags));
        listener.Start();
        using var world = new WorkerWorld(Settings, new JobDefinition("meters.fail", static _ => default));
        world.Start();
        Assert.Equal((JobState.Succeeded, 1), Ended(world, world.Enqueue("meters.fail")));
    }

    [Fact]
    public void AttemptLog_LineWhoseTextCannotBeRead_FailsNothing()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, new JobDefinition("n", _ =>
        {
            var logger = new AttemptLoggerProvider(world.Time).CreateLogger("Shop");
            logger.Log(
                LogLevel.Error, default, 1, new HostileException(), static (_, _) => throw new HostileException());
            return default;
        }));
        world.Start();
        var id = world.Enqueue("n");
        Assert.Equal((JobState.Succeeded, 1), Ended(world, id));
        var line = Assert.Single(Assert.Single(world.Attempts(id)).Logs);
        Assert.Contains("could not be read", line.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AttemptLog_FormatterThatGivesNull_FailsNothing()
    {
        WorkerWorld world = null!;
        using var own = world = new WorkerWorld(Settings, new JobDefinition("n", _ =>
        {
            new AttemptLoggerProvider(world.Time).CreateLogger("Shop")
                .Log(LogLevel.Error, default, 1, null, static (_, _) => null!);
            return default;
        }));
        world.Start();
        var id = world.Enqueue("n");
        Assert.Equal((JobState.Succeeded, 1), Ended(world, id));
        Assert.Equal("", Assert.Single(Assert.Single(world.Attempts(id)).Logs).Message);
    }

    [Fact]
    public void StorageMeters_ListenerThatThrows_ChangesNoOutcome()
    {
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Lovage"
                    && instrument.Name.StartsWith("messaging.client.", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(static (_, _, tags, _) => ThrowForSystem(tags));
        listener.SetMeasurementEventCallback<double>(static (_, _, tags, _) => ThrowForSystem(tags));
        listener.Start();
        using var world = new WorkerWorld(
            Settings,
            [new JobDefinition("n", static _ => default)],
            null,
            wrap: static (memory, time) => new CountingStorage(memory, time));
        world.Start();
        Assert.Equal((JobState.Succeeded, 1), Ended(world, world.Enqueue("n")));
    }

    private static (JobState State, int Attempts) Ended(WorkerWorld world, JobId id)
    {
        var record = world.UntilEnded(id);
        return (record.State, record.Attempts);
    }

    private static void Throw(string name)
    {
        // Other tests have spans too, which this listener must leave alone.
        if (name == "process spans.fail")
        {
            throw new InvalidTimeZoneException("a listener");
        }
    }

    private static void ThrowFor(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var tag in tags)
        {
            if (tag is { Key: "lovage.job.name", Value: "meters.fail" })
            {
                throw new InvalidTimeZoneException("a listener");
            }
        }
    }

    /// <summary>Throws for the storage of one test alone: other tests run beside it.</summary>
    private static void ThrowForSystem(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var tag in tags)
        {
            if (tag is { Key: "messaging.system", Value: "counting" })
            {
                throw new InvalidTimeZoneException("a listener");
            }
        }
    }

    private sealed class HostileException : Exception
    {
        public override string Message => throw new InvalidOperationException("no message");

        public override string? StackTrace => throw new InvalidOperationException("no trace");

        public override string ToString() => throw new InvalidOperationException("no text");
    }
}
