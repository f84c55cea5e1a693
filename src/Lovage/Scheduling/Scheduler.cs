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

    /// <summary>
    /// Rounds of missed ticks in one step at the most, over all schedules: they take some 50 ms, and other schedules
    /// wait for them.
    /// </summary>
    private const int RoundsMax = 100;

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
    private readonly LeftSchedules _left;
    private readonly ScheduleCheck _check;
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
        _left = new LeftSchedules(time, report);
        _check = new ScheduleCheck(store, _triggers, time, report);
    }

    /// <summary>Polls once; returns the wait before the next poll, which a signal cuts short.</summary>
    internal async Task<TimeSpan> StepAsync(CancellationToken stopped)
    {
        var due = await DueAsync(stopped);
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
        var due = await DueAsync(cancellationToken);
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
        var schedules = due.Schedules.Select(static one => one.Schedule).ToList();
        var rounds = Math.Max(1, RoundsMax / due.Schedules.Count);
        var firings = due.Schedules.Select(schedule => Plan(schedule, due.Now, rounds)).ToList();
        for (var from = 0; from < firings.Count; from += RecordMax)
        {
            var part = firings.GetRange(from, Math.Min(RecordMax, firings.Count - from));
            await RecordAsync(part, schedules.GetRange(from, part.Count), due.Now, cancellationToken);
        }
    }

    private async Task RecordAsync(
        List<Firing> firings, List<ScheduleRecord> schedules, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var statuses = await _store.RecordAsync(firings, cancellationToken);
        for (var i = 0; i < firings.Count; i++)
        {
            if (statuses[i] == FireStatus.Recorded)
            {
                _report.Recorded(schedules[i], firings[i], now);
            }
        }
    }

    private Firing Plan(DueSchedule due, DateTimeOffset now, int rounds) =>
        FireSpan.Trace(SchedulePlan.MakeRounds(due, _triggers.Read(due.Schedule.Trigger), now, _ids.Next, rounds));

    /// <summary>What is due, without the schedules that this process leaves to others.</summary>
    private async ValueTask<DueResult> DueAsync(CancellationToken cancellationToken)
    {
        var due = await _store.DueAsync(ScheduleStore.BatchMax, cancellationToken);
        if (await _check.LookAsync(due.Now, cancellationToken))
        {
            due = await _store.DueAsync(ScheduleStore.BatchMax, cancellationToken);
        }

        var ours = new List<DueSchedule>(due.Schedules.Count);
        var broken = new List<ScheduleRecord>();
        foreach (var schedule in due.Schedules)
        {
            if (_triggers.TryRead(schedule.Schedule.Trigger, out var why) is not null)
            {
                ours.Add(schedule);
            }
            else if (_left.Leave(schedule.Schedule, why!))
            {
                broken.Add(schedule.Schedule with { Reason = why });
            }
        }

        if (broken.Count > 0)
        {
            await RecordAsync([.. broken.Select(Broken)], broken, due.Now, cancellationToken);
        }

        // Those that are left to others stay due, and must not make this process look again at once.
        return ours.Count == due.Schedules.Count ? due : due with
        {
            Schedules = ours,
            UntilNext = due.UntilNext > TimeSpan.Zero ? due.UntilNext : null,
        };
    }

    private static Firing Broken(ScheduleRecord schedule) => new(schedule.Id, schedule.Version)
    {
        Ticks = [],
        Jobs = [],
        NextTick = schedule.NextTick,
        QueuedTick = schedule.QueuedTick,
        State = ScheduleState.Broken,
        Reason = $"No running process can compute its trigger: {schedule.Reason} It goes on as soon as one can. Mend "
            + "what is missing, or change the schedule.",
    };

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
