using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Lovage.Scheduling;

/// <summary>
/// Schedules that every node has for itself, in memory: at each tick this process spawns the job. It skips a tick while
/// the job of the tick before still runs. It does not make up for a tick that comes too late, after a pause of the
/// process. When the process's clock is set back, it goes on at the first tick after the new time.
/// </summary>
internal sealed class NodeSchedules
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    private readonly TaskSpawner _spawner;
    private readonly TimeProvider _time;
    private readonly SchedulerReport _report;
    private readonly List<Node> _nodes;
    private DateTimeOffset _looked;

    internal NodeSchedules(
        IReadOnlyList<ScheduleDefinition> definitions, TaskSpawner spawner, TimeProvider time, SchedulerReport report)
    {
        _spawner = spawner;
        _time = time;
        _report = report;
        _looked = time.GetUtcNow();
        _nodes = [.. definitions.Select(definition => new Node(definition, _looked))];
        foreach (var node in _nodes.Where(static node => node.Next is null))
        {
            report.NeverFires(node.Definition.Id, ScheduleTicks.WhyNone(node.Trigger, _looked));
        }
    }

    /// <summary>One look; returns the wait until the next tick.</summary>
    internal Task<TimeSpan> StepAsync(CancellationToken stopped)
    {
        var now = _time.GetUtcNow();
        if (now < _looked)
        {
            _nodes.ForEach(node => GoBack(node, now));
        }

        _looked = now;
        var wait = LookInterval;
        foreach (var node in _nodes)
        {
            if (Pass(node, now) is { } tick)
            {
                Fire(node, tick);
            }

            if (node.Next is { } next && next - now < wait)
            {
                wait = next - now;
            }
        }

        return Task.FromResult(wait);
    }

    /// <summary>
    /// After the clock was set back: goes on at the first tick after now. A clock that is put right by a moment brings
    /// no tick a second time.
    /// </summary>
    private void GoBack(Node node, DateTimeOffset now)
    {
        var from = node.Passed > now && node.Passed - now <= SchedulePlan.OnTime ? node.Passed.Value : now;
        if (node.Trigger.NextAfter(from) is { } first && (node.Next is null || first < node.Next))
        {
            _report.PutBack(node.Definition.Id, node.Next, first);
            node.Next = first;
        }
    }

    /// <summary>Goes on to the first tick after now.</summary>
    /// <returns>The newest of those that were passed, when it is on time; null when none is.</returns>
    private DateTimeOffset? Pass(Node node, DateTimeOffset now)
    {
        var first = node.Next;
        DateTimeOffset? onTime = null, lastMissed = null;
        var missed = 0L;
        while (node.Next <= now)
        {
            var tick = node.Next.Value;
            node.Passed = tick;
            if (now - tick <= SchedulePlan.OnTime)
            {
                onTime = tick;
            }
            else
            {
                lastMissed = tick;
                missed++;
            }

            // After a pause of days the exact number is not needed.
            node.Next = node.Trigger.NextAfter(missed < SchedulePlan.TicksMax || onTime is not null
                ? tick
                : now - SchedulePlan.OnTime - TimeSpan.FromTicks(1));
        }

        if (lastMissed is { } last)
        {
            _report.NodeMissed(node.Definition.Id, missed, first!.Value, last);
        }

        return onTime;
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "One schedule that cannot be fired must not keep the others from it.")]
    private void Fire(Node node, DateTimeOffset tick)
    {
        // The state is asked, which is set before the place is free. Code that saw that no task runs must not find one
        // running here.
        if (node.Running is { State: SpawnedTaskState.Waiting or SpawnedTaskState.Running })
        {
            _report.NodeSkipped(node.Definition.Id, tick);
            return;
        }

        try
        {
            var most = SchedulePlan.CappedJitter(node.Definition.Options.Jitter, node.Trigger, tick);
            var jitter = SchedulePlan.Jitter(most, node.Definition.Id, tick);
            node.Running = _spawner.Spawn(
                node.Job(tick), jitter > TimeSpan.Zero ? new SpawnOptions { Delay = jitter } : null);
        }
        catch (Exception error)
        {
            _report.LoopFault(node.Definition.Id, error);
        }
    }

    private sealed class Node
    {
        internal Node(ScheduleDefinition definition, DateTimeOffset now)
        {
            Definition = definition;
            Trigger = definition.Trigger.WithAnchor(now);
            Next = Trigger.NextAfter(now);
        }

        internal ScheduleDefinition Definition { get; }

        internal Trigger Trigger { get; }

        internal DateTimeOffset? Next { get; set; }

        /// <summary>The newest tick that has come; null before.</summary>
        internal DateTimeOffset? Passed { get; set; }

        internal SpawnedTask? Running { get; set; }

        internal Job Job(DateTimeOffset tick) => Definition.Job with
        {
            Headers = Definition.Job.Headers.ToImmutableDictionary(StringComparer.Ordinal)
                .SetItem(ScheduleHeaders.Schedule, Definition.Id)
                .SetItem(ScheduleHeaders.Tick, ScheduleHeaders.Write(tick)),
        };
    }
}
