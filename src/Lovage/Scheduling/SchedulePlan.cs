using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Scheduling;

/// <summary>
/// Decides what becomes of the ticks of one due schedule. It is a pure function of the schedule, the unfinished jobs
/// and the storage's time.
/// </summary>
internal static class SchedulePlan
{
    /// <summary>A tick that the scheduler fires within this time is on time, under every misfire rule.</summary>
    internal static readonly TimeSpan OnTime = TimeSpan.FromSeconds(2);

    /// <summary>Ticks in one round at the most; the rest are due in the next.</summary>
    internal const int TicksMax = 2_000;

    private static readonly TimeSpan GraceMax = TimeSpan.FromHours(1);

    /// <summary>Plans.</summary>
    /// <param name="due">The schedule and its unfinished jobs.</param>
    /// <param name="trigger">Its trigger.</param>
    /// <param name="now">The storage's time.</param>
    /// <param name="newId">Makes ids of jobs.</param>
    internal static Firing Make(DueSchedule due, Trigger trigger, DateTimeOffset now, Func<JobId> newId)
    {
        var schedule = due.Schedule;
        var round = new Round(schedule, trigger, due.Unfinished, now, newId);
        if (schedule.QueuedTick is { } queued && due.Unfinished == 0)
        {
            round.RunQueued(queued);
        }

        var ticks = new List<DateTimeOffset>();
        var next = schedule.NextTick;
        while (next <= now && ticks.Count < TicksMax)
        {
            ticks.Add(next.Value);
            next = trigger.NextAfter(next.Value);
        }

        var isWhole = !(next <= now);
        if (!isWhole && schedule.Policy.Misfire == MisfireRule.CatchUp)
        {
            // The newest late ticks run, and newer ones are still to come. The next round decides about ticks that may
            // be among the newest.
            var passed = Math.Max(1, ticks.Count(tick => now - tick > OnTime) - schedule.Policy.CatchUpMax);
            next = ticks[passed];
            ticks.RemoveRange(passed, ticks.Count - passed);
        }

        var runs = Runs(schedule.Policy, ticks, trigger, now, isWhole);
        for (var i = 0; i < ticks.Count; i++)
        {
            if (runs.Contains(i))
            {
                round.Run(ticks[i]);
            }
            else
            {
                round.Miss(ticks[i]);
            }
        }

        return round.End(next);
    }

    /// <summary>As <see cref="Make"/>, and goes on with further rounds as long as all their ticks are missed.</summary>
    /// <remarks>After a long downtime the rounds of missed ticks share a transaction, and are one line.</remarks>
    /// <param name="due">The schedule and its unfinished jobs.</param>
    /// <param name="trigger">Its trigger.</param>
    /// <param name="now">The storage's time.</param>
    /// <param name="newId">Makes ids of jobs.</param>
    /// <param name="rounds">Rounds at the most.</param>
    internal static Firing MakeRounds(
        DueSchedule due, Trigger trigger, DateTimeOffset now, Func<JobId> newId, int rounds)
    {
        if (Passed(due.Schedule, trigger, now) is { } passed)
        {
            var left = due.Schedule with { NextTick = trigger.NextAfter(passed.Through) };
            return Continue(passed, Make(due with { Schedule = left }, trigger, now, newId));
        }

        var firing = Make(due, trigger, now, newId);
        for (var round = 1; round < rounds && firing.NextTick <= now; round++)
        {
            var rest = due.Schedule with { NextTick = firing.NextTick, QueuedTick = firing.QueuedTick };
            if (firing.Ticks is not [{ Status: TickStatus.Missed } line]
                || Make(due with { Schedule = rest }, trigger, now, newId) is not
                {
                    Ticks: [{ Status: TickStatus.Missed }, ..],
                } next)
            {
                break;
            }

            firing = Continue(line, next);
        }

        return firing;
    }

    /// <summary>Puts a line of missed ticks before a firing, whose first ticks may belong to the same line.</summary>
    private static Firing Continue(TickRecord line, Firing next) => next with
    {
        Ticks = next.Ticks is [{ Status: TickStatus.Missed } more, ..]
            ? [line with { Through = more.Through, Count = line.Count + more.Count }, .. next.Ticks.Skip(1)]
            : [line, .. next.Ticks],
    };

    /// <summary>
    /// The ticks of an interval that are missed under every policy, counted and not visited: a year has 31 million
    /// seconds.
    /// </summary>
    /// <returns>Null when one round holds the ticks, or when they cannot be counted.</returns>
    internal static TickRecord? Passed(ScheduleRecord schedule, Trigger? trigger, DateTimeOffset now)
    {
        if (trigger is not IntervalTrigger interval
            || interval.End <= now
            || schedule is not { NextTick: { } first, QueuedTick: null }
            || interval.NextAfter(first - TimeSpan.FromTicks(1)) != first)
        {
            return null;
        }

        // A round is left: it holds all ticks that may run.
        var count = ((now - first).Ticks / interval.Period.Ticks) + 1 - TicksMax;
        return count <= 0 ? null : new TickRecord(first, TickStatus.Missed)
        {
            Through = first + TimeSpan.FromTicks((count - 1) * interval.Period.Ticks),
            Count = count,
        };
    }

    /// <summary>Which of the ticks run, by their place.</summary>
    private static HashSet<int> Runs(
        SchedulePolicy policy, List<DateTimeOffset> ticks, Trigger trigger, DateTimeOffset now, bool isWhole)
    {
        var runs = new HashSet<int>();
        var late = new List<int>();
        for (var i = 0; i < ticks.Count; i++)
        {
            if (now - ticks[i] <= OnTime)
            {
                runs.Add(i);
            }
            else
            {
                late.Add(i);
            }
        }

        // Once: a tick on time stands for those before it. A round that is not whole does not hold the newest ticks
        // yet.
        var most = policy.Misfire switch
        {
            MisfireRule.Skip => 0,
            MisfireRule.Once => runs.Count == 0 && isWhole ? 1 : 0,
            _ => isWhole ? policy.CatchUpMax : 0,
        };
        foreach (var place in Enumerable.Reverse(late).Take(most))
        {
            // A number bounds catching up; time bounds it only when the schedule says so.
            var grace = policy.Grace
                ?? (policy.Misfire == MisfireRule.CatchUp ? TimeSpan.MaxValue : Grace(trigger, ticks[place]));
            if (now - ticks[place] <= grace)
            {
                runs.Add(place);
            }
        }

        return runs;
    }

    /// <summary>The time to the next tick, at most an hour, and no less than what counts as on time.</summary>
    private static TimeSpan Grace(Trigger trigger, DateTimeOffset tick)
    {
        var period = trigger.NextAfter(tick) - tick ?? GraceMax;
        return period > GraceMax ? GraceMax : period < OnTime ? OnTime : period;
    }

    private sealed class Round(
        ScheduleRecord schedule, Trigger trigger, int unfinished, DateTimeOffset now, Func<JobId> newId)
    {
        private readonly List<TickRecord> _ticks = [];
        private readonly List<JobMessage> _jobs = [];
        private DateTimeOffset? _queued = schedule.QueuedTick;
        private int _unfinished = unfinished;

        internal void RunQueued(DateTimeOffset tick)
        {
            _queued = null;
            Enqueue(tick);
        }

        internal void Run(DateTimeOffset tick)
        {
            var room = schedule.Policy.Overlap == OverlapRule.Allow ? schedule.Policy.OverlapMax : 1;
            if (_unfinished < room)
            {
                Enqueue(tick);
            }
            else if (schedule.Policy.Overlap == OverlapRule.QueueOne && _queued is null)
            {
                _queued = tick;
                _ticks.Add(new TickRecord(tick, TickStatus.Queued));
            }
            else
            {
                Extend(tick, TickStatus.Skipped);
            }
        }

        internal void Miss(DateTimeOffset tick) => Extend(tick, TickStatus.Missed);

        internal Firing End(DateTimeOffset? next) => new(schedule.Id, schedule.Version)
        {
            Ticks = _ticks,
            Jobs = _jobs,
            NextTick = next,
            QueuedTick = _queued,
            State = next is null && _queued is null ? ScheduleState.Ended : ScheduleState.Active,
        };

        private void Enqueue(DateTimeOffset tick)
        {
            var template = schedule.Job;
            var job = template with
            {
                Id = newId(),
                Delay = template.Delay + Jitter(JitterMax(), schedule.Id, tick),
                Expires = ScheduleTemplate.ExpiresAt(template, now),
                Headers = template.Headers.SetItem(ScheduleHeaders.Schedule, schedule.Id)
                    .SetItem(ScheduleHeaders.Tick, ScheduleHeaders.Write(tick)),
                HasChosenId = false,
            };
            _jobs.Add(job);
            _ticks.Add(new TickRecord(tick, TickStatus.Fired) { JobId = job.Id });
            _unfinished++;

            TimeSpan JitterMax() => schedule.Policy.Overlap == OverlapRule.Allow
                ? schedule.Policy.Jitter
                : CappedJitter(schedule.Policy.Jitter, trigger, tick);
        }

        private void Extend(DateTimeOffset tick, TickStatus status)
        {
            if (_ticks.Count > 0 && _ticks[^1] is { } last && last.Status == status)
            {
                _ticks[^1] = last with { Through = tick, Count = last.Count + 1 };
            }
            else
            {
                _ticks.Add(new TickRecord(tick, status));
            }
        }
    }

    /// <summary>
    /// The jitter of a job that the next tick would meet: no more than the time to that tick, which would be skipped.
    /// </summary>
    internal static TimeSpan CappedJitter(TimeSpan most, Trigger trigger, DateTimeOffset tick) =>
        most > TimeSpan.Zero && trigger.NextAfter(tick) - tick is { } period && period < most ? period : most;

    /// <summary>The part of the jitter that a tick waits: the same on every node and in every computation.</summary>
    internal static TimeSpan Jitter(TimeSpan most, string id, DateTimeOffset tick)
    {
        if (most <= TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        // FNV-1a over the id and the tick, then a finalizer that spreads neighbouring ticks (MurmurHash3's fmix64).
        var hash = 14695981039346656037UL;
        foreach (var character in id)
        {
            hash = (hash ^ character) * 1099511628211UL;
        }

        hash ^= (ulong)tick.UtcTicks;
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        hash ^= hash >> 33;
        return most * ((hash >> 11) * (1.0 / (1UL << 53)));
    }
}
