using System.Diagnostics.Metrics;
using Lovage.Diagnostics;
using Lovage.Execution;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Execution;

/// <summary>What the log says of a storage that fails for a while: that it began, and that it is over.</summary>
public sealed class StorageOutageTests
{
    private const int Began = 3030;
    private const int Over = 3031;

    private static readonly WorkerSettings Settings = new() { Concurrency = 4 };

    [Fact]
    public void Log_OutageOfTenSeconds_HasTwoLinesAtTheDefaultLevel()
    {
        var isAway = false;
        using var world = World(() => isAway);
        world.Start();
        isAway = true;
        var ids = Enumerable.Range(0, 20).Select(_ => world.Enqueue("n")).ToList();
        world.Advance(TimeSpan.FromSeconds(10));
        Assert.True(world.Outage.IsOn);
        Assert.Equal([Began], Events(world));

        isAway = false;
        ids.ForEach(id => Assert.Equal(JobState.Succeeded, world.UntilEnded(id).State));
        world.Advance(TimeSpan.FromSeconds(10));

        Assert.False(world.Outage.IsOn);
        Assert.Equal([Began, Over], Events(world));
        var began = world.Shown.Single(static line => line.Event == Began);
        Assert.Equal(LogLevel.Warning, began.Level);
        Assert.Contains("The storage is away.", began.Text, StringComparison.Ordinal);
        Assert.Matches(@"failed for \d+\.\d s; \d+ calls", world.Shown.Single(static line => line.Event == Over).Text);

        // The faults themselves are there for the one who looks for them.
        Assert.Contains(world.Logs, static line => line.Event == 2007);
    }

    [Fact]
    public void Log_CallsFailNowAndThen_IsOneOutageUntilNoneHasFailedForAWhile()
    {
        var reconnects = 0L;
        using var listener = new MeterListener();
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref reconnects, count));
        listener.EnableMeasurementEvents(LovageTelemetry.StorageReconnects);
        listener.Start();
        using var world = World(static () => false);
        for (var i = 0; i < 5; i++)
        {
            Note(world, isTransient: true);
            world.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Equal([Began], Events(world));
        world.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal([Began, Over], Events(world));

        Note(world, isTransient: true);
        world.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal([Began, Over, Began, Over], Events(world));

        // Other tests of the process may have seen outages end too.
        Assert.InRange(Interlocked.Read(ref reconnects), 2, long.MaxValue);
    }

    [Fact]
    public void LevelOf_FaultThatWaitingDoesNotMend_IsAWarningOfItsOwn()
    {
        using var world = World(static () => false);

        Assert.Equal(LogLevel.Warning, Note(world, isTransient: false));
        Assert.Equal(LogLevel.Warning, world.Outage.LevelOf(new InvalidOperationException()));
        Assert.Equal((false, 0), (world.Outage.IsOn, Events(world).Length));
    }

    [Fact]
    public void Log_ProviderThatThrows_EndsNoLoop()
    {
        using var world = World(static () => false);
        world.Fault = static () => new IOException("The disk is full.");
        Note(world, isTransient: true);
        world.Advance(TimeSpan.FromSeconds(10));
        Assert.False(world.Outage.IsOn);
    }

    private static LogLevel Note(WorkerWorld world, bool isTransient)
    {
        var level = LogLevel.None;
        world.Do(() =>
        {
            level = world.Outage.LevelOf(new StorageException("The storage is away.", isTransient));
            return Task.CompletedTask;
        });
        return level;
    }

    private static int[] Events(WorkerWorld world) =>
        [.. world.Shown.Select(static line => line.Event).Where(static line => line is Began or Over or 2007 or 2009)];

    private static WorkerWorld World(Func<bool> isAway) => new(
        Settings,
        [new JobDefinition("n", static _ => default)],
        null,
        wrap: (memory, time) => new FailingStorage(
            memory, time, _ => isAway() ? new StorageException("The storage is away.", isTransient: true) : null));
}
