using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Lovage.Scheduling;

/// <summary>
/// Schedules that every node has for itself, in memory: at each tick this process spawns the job. It skips a tick while
/// the job of the tick before still runs. It does not make up for a tick that comes too late, after a pause of the
/// process.
/// </summary>
internal sealed class NodeSchedules(
    IReadOnlyList<ScheduleDefinition> definitions, TaskSpawner spawner, TimeProvider time, SchedulerReport report)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    private readonly List<Node> _nodes = [.. definitions.Select(definition => new Node(definition, time.GetUtcNow()))];

    /// <summary>One look; returns the wait until the next tick.</summary>
    internal Task<TimeSpan> StepAsync(CancellationToken stopped)
    {
        var now = time.GetUtcNow();
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
            report.NodeMissed(node.Definition.Id, missed, first!.Value, last);
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
            report.NodeSkipped(node.Definition.Id, tick);
            return;
        }

        try
        {
            var jitter = SchedulePlan.Jitter(node.Definition.Options.Jitter, node.Definition.Id, tick);
            node.Running = spawner.Spawn(
                node.Job(tick), jitter > TimeSpan.Zero ? new SpawnOptions { Delay = jitter } : null);
        }
        catch (Exception error)
        {
            report.LoopFault(node.Definition.Id, error);
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

        internal SpawnedTask? Running { get; set; }

        internal Job Job(DateTimeOffset tick) => Definition.Job with
        {
            Headers = Definition.Job.Headers.ToImmutableDictionary(StringComparer.Ordinal)
                .SetItem(ScheduleHeaders.Schedule, Definition.Id)
                .SetItem(ScheduleHeaders.Tick, ScheduleHeaders.Write(tick)),
        };
    }
}
