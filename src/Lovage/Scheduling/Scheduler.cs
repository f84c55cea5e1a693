using Lovage.Storage;

namespace Lovage.Scheduling;

/// <summary>
/// Fires due schedules: asks the storage, decides what becomes of the ticks, and records that together with their jobs.
/// Every node may fire. The leader polls the storage; the other nodes step in when a tick is overdue.
/// </summary>
internal sealed class Scheduler
{
    /// <summary>
    /// Firings in one transaction at the most. When many are due together, the first jobs must not wait for the last.
    /// </summary>
    private const int RecordMax = 250;

    /// <summary>The longest sleep: another process may add a schedule, and its signal may be lost.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    /// <summary>How often the scheduler polls whether the job that a tick waits for has ended.</summary>
    private static readonly TimeSpan QueuedInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// A tick this late is overdue, and any node may fire it. When the leader has died, the tick is then still on time
    /// under every misfire rule.
    /// </summary>
    private static readonly TimeSpan Overdue = SchedulePlan.OnTime / 2;

    /// <summary>The shortest sleep, so that ticks that lie close together share a transaction.</summary>
    private static readonly TimeSpan SleepMin = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan LeadLease = TimeSpan.FromSeconds(10);

    private readonly ScheduleStore _store;
    private readonly JobIdSource _ids;
    private readonly string _owner;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly SchedulerReport _report;
    private readonly TriggerCache _triggers = new();
    private long? _ledTimestamp;

    internal Scheduler(
        ScheduleStore store, JobIdSource ids, string owner, TimeProvider time, Random random, SchedulerReport report)
    {
        _store = store;
        _ids = ids;
        _owner = owner;
        _time = time;
        _random = random;
        _report = report;
    }

    /// <summary>Polls once; returns the wait before the next poll, which a signal cuts short.</summary>
    internal async Task<TimeSpan> StepAsync(CancellationToken stopped)
    {
        var due = await _store.DueAsync(ScheduleStore.BatchMax, stopped);
        if (due.Schedules.Count == 0)
        {
            if (due.UntilNext < LeadLease)
            {
                // The node tries to lead before the tick, not at it.
                await TryLeadAsync(stopped);
            }

            var wait = due.AnyQueued ? QueuedInterval : LookInterval;
            return due.UntilNext < wait ? (due.UntilNext > SleepMin ? due.UntilNext.Value : SleepMin) : wait;
        }

        if (!await TryLeadAsync(stopped) && UntilOverdue(due) is var left && left > TimeSpan.Zero)
        {
            // The jitter keeps the nodes from acting at the same moment.
            return left + (Overdue / 4 * _random.NextDouble());
        }

        await FireAsync(due, stopped);
        return TimeSpan.Zero;
    }

    /// <summary>Fires due schedules, whichever node leads; false when none was due.</summary>
    internal async Task<bool> FireDueAsync(CancellationToken cancellationToken)
    {
        var due = await _store.DueAsync(ScheduleStore.BatchMax, cancellationToken);
        if (due.Schedules.Count == 0)
        {
            return false;
        }

        await FireAsync(due, cancellationToken);
        return true;
    }

    /// <summary>Lets another node lead at once.</summary>
    internal async Task ResignAsync(CancellationToken cancellationToken)
    {
        if (_ledTimestamp is not null)
        {
            await _store.ResignAsync(_owner, cancellationToken);
        }
    }

    /// <summary>A schedule that is due only for its queued tick is never overdue.</summary>
    private static TimeSpan UntilOverdue(DueResult due)
    {
        var late = due.Schedules.Max(schedule => due.Now - schedule.Schedule.NextTick);
        return late > TimeSpan.Zero ? Overdue - late.Value : Overdue;
    }

    private async Task FireAsync(DueResult due, CancellationToken cancellationToken)
    {
        var firings = due.Schedules.Select(schedule => Plan(schedule, due.Now)).ToList();
        for (var from = 0; from < firings.Count; from += RecordMax)
        {
            var part = firings.GetRange(from, Math.Min(RecordMax, firings.Count - from));
            var statuses = await _store.RecordAsync(part, cancellationToken);
            for (var i = 0; i < part.Count; i++)
            {
                if (statuses[i] == FireStatus.Recorded)
                {
                    _report.Recorded(due.Schedules[from + i].Schedule, part[i], due.Now);
                }
            }
        }
    }

    private Firing Plan(DueSchedule due, DateTimeOffset now)
    {
        try
        {
            return SchedulePlan.Make(due, _triggers.Read(due.Schedule.Trigger), now, _ids.Next);
        }
        catch (Exception fault) when (fault is TriggerException or InvalidOperationException)
        {
            return new Firing(due.Schedule.Id, due.Schedule.Version)
            {
                Ticks = [],
                Jobs = [],
                NextTick = due.Schedule.NextTick,
                QueuedTick = due.Schedule.QueuedTick,
                State = ScheduleState.Broken,
                Reason =
                    $"Its trigger cannot be computed: {fault.Message} Mend what is missing and resume it, or change "
                        + "it.",
            };
        }
    }

    private async ValueTask<bool> TryLeadAsync(CancellationToken stopped)
    {
        if (_ledTimestamp is { } led && _time.GetElapsedTime(led) < LeadLease / 3)
        {
            return true;
        }

        var asked = _time.GetTimestamp();
        var leads = await _store.TryLeadAsync(_owner, LeadLease, stopped);
        _ledTimestamp = leads ? asked : null;
        return leads;
    }
}
