using System.Diagnostics.CodeAnalysis;
using Lovage.Protocol;
using Lovage.Storage.Memory.Life;
using Lovage.Storage.Memory.State;
using Lovage.Storage.Plans;

namespace Lovage.Storage.Memory;

/// <summary>Schedules in memory, in the same state and under the same lock as the jobs they enqueue.</summary>
internal sealed class MemoryScheduleStore(MemoryState state, JobLife life, SignalBus signals, TimeProvider time)
    : ScheduleStore("memory", signals, time)
{
    private readonly SortedDictionary<string, MemorySchedule> _schedules = new(CodePointOrder.Instance);
    private readonly SortedSet<(DateTimeOffset Tick, string Id)> _due = new(DueOrder);
    private readonly SortedSet<(DateTimeOffset Tick, string Id)> _queued = new(DueOrder);
    private (string Owner, long Until)? _leader;
    private long _version;

    private static Comparer<(DateTimeOffset Tick, string Id)> DueOrder
    {
        get;
    } = Comparer<(DateTimeOffset Tick, string Id)>.Create(
        static (a, b) => a.Tick != b.Tick ? a.Tick.CompareTo(b.Tick) : CodePointOrder.Instance.Compare(a.Id, b.Id));

    protected override ValueTask<long?> SaveCoreAsync(ScheduleRecord schedule, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            _schedules.TryGetValue(schedule.Id, out var known);
            if ((known?.Record.Version ?? 0) != schedule.Version)
            {
                return new((long?)null);
            }

            var stored = known?.Record;
            CheckNextTick(schedule, stored?.LastTick);
            Put(known ?? Add(schedule.Id), schedule with
            {
                CreatedAt = stored?.CreatedAt ?? state.Now,
                LastTick = stored?.LastTick,
                Fired = stored?.Fired ?? 0,
                Missed = stored?.Missed ?? 0,
                Skipped = stored?.Skipped ?? 0,
                Version = ++_version,
            });
            return new(_version);
        }
    }

    protected override ValueTask<bool> RemoveCoreAsync(string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            if (!_schedules.Remove(id, out var schedule))
            {
                return new(false);
            }

            Unlist(schedule.Record);
            return new(true);
        }
    }

    protected override ValueTask<ScheduleRecord?> FindCoreAsync(string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(_schedules.GetValueOrDefault(id)?.Record);
        }
    }

    protected override ValueTask<IReadOnlyList<ScheduleRecord>> ListCoreAsync(
        string? after, int limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new([.. _schedules.Values.Select(static schedule => schedule.Record)
                .Where(record => after is null || CodePointOrder.Instance.Compare(record.Id, after) > 0)
                .Take(limit)]);
        }
    }

    protected override ValueTask<long> CountCoreAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(_schedules.Count);
        }
    }

    protected override ValueTask<DueResult> DueCoreAsync(int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Now;
            var due = _queued.Where(place => Unfinished(_schedules[place.Id]) == 0).ToList();
            var queued = due.Select(static place => place.Id).ToHashSet(StringComparer.Ordinal);
            due.AddRange(_due.TakeWhile(place => place.Tick <= now).Where(place => !queued.Contains(place.Id)));
            due.Sort(DueOrder);
            TimeSpan? untilNext = due.Count > max ? TimeSpan.Zero
                : _due.FirstOrDefault(place => place.Tick > now) is { Id: not null } next ? next.Tick - now
                : null;
            return new(new DueResult(
                now, [.. due.Take(max).Select(place => Due(_schedules[place.Id]))], untilNext, _queued.Count > 0));
        }
    }

    protected override ValueTask<IReadOnlyList<FireStatus>> RecordCoreAsync(
        IReadOnlyList<Firing> firings, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new([.. firings.Select(Fire)]);
        }
    }

    protected override ValueTask<bool> RunCoreAsync(string id, JobMessage job, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            if (!_schedules.TryGetValue(id, out var schedule))
            {
                return new(false);
            }

            var now = state.Now;
            ForgetEnded(schedule);
            if (Enqueue(schedule, job, now) != PublishStatus.Accepted
                && schedule.Ticks.Values.Any(known => known.Status == TickStatus.Manual && known.JobId == job.Id))
            {
                // The same call again.
                return new(true);
            }

            // Twice in the same instant by hand is still twice.
            var tick = now;
            while (schedule.Ticks.ContainsKey((tick, true)))
            {
                tick = tick.AddTicks(1);
            }

            schedule.Ticks.Add(
                (tick, true), new TickRecord(tick, TickStatus.Manual) { JobId = job.Id, RecordedAt = now });
            return new(true);
        }
    }

    protected override ValueTask<IReadOnlyList<TickRecord>> HistoryCoreAsync(
        string id, int limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(
                _schedules.TryGetValue(id, out var schedule) ? [.. schedule.Ticks.Values.Reverse().Take(limit)] : []);
        }
    }

    protected override ValueTask<int> PruneCoreAsync(TimeSpan keep, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Now;
            var old = _schedules.Values
                .SelectMany(
                    static schedule => schedule.Ticks,
                    static (schedule, tick) => (Schedule: schedule, tick.Key, Line: tick.Value))
                .Where(tick => now - tick.Line.RecordedAt > keep && !IsOpen(tick.Schedule, tick.Line))
                .OrderBy(static tick => tick.Line.RecordedAt)
                .Take(max)
                .ToList();
            old.ForEach(static tick => tick.Schedule.Ticks.Remove(tick.Key));
            return new(old.Count);
        }
    }

    protected override ValueTask<bool> TryLeadCoreAsync(
        string owner, TimeSpan lease, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            if (_leader is { } leader && leader.Owner != owner && leader.Until > state.Timestamp)
            {
                return new(false);
            }

            _leader = (owner, state.TimestampAfter(lease));
            return new(true);
        }
    }

    protected override ValueTask ResignCoreAsync(string owner, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            if (_leader?.Owner == owner)
            {
                _leader = null;
            }
        }

        return default;
    }

    private FireStatus Fire(Firing firing)
    {
        if (!_schedules.TryGetValue(firing.Id, out var schedule))
        {
            return FireStatus.Stale;
        }

        var now = state.Now;
        var record = schedule.Record;
        var status = FiringPlan.Check(firing, record.Version, record.State, StorageTime.From(now));
        if (status != FireStatus.Recorded)
        {
            return status;
        }

        if (firing.Ticks.Any(tick => WasRecorded(schedule, tick.Tick)))
        {
            return FireStatus.Stale;
        }

        ForgetEnded(schedule);
        foreach (var job in firing.Jobs)
        {
            Enqueue(schedule, job, now);
        }

        WriteTicks(schedule, firing, now);
        var plan = FiringPlan.Of(firing, StorageTime.From(record.LastTick));
        Put(
            schedule,
            record with
            {
                LastTick = StorageTime.To(plan.LastTick),
                Fired = record.Fired + plan.Fired,
                Missed = record.Missed + plan.Missed,
                Skipped = record.Skipped + plan.Skipped,
                NextTick = firing.NextTick,
                QueuedTick = firing.QueuedTick,
                State = firing.State,
                Reason = firing.Reason,
                Version = ++_version,
            });
        return FireStatus.Recorded;
    }

    private static void WriteTicks(MemorySchedule schedule, Firing firing, DateTimeOffset now)
    {
        var last = schedule.Record.LastTick;
        foreach (var tick in firing.Ticks)
        {
            var line = tick;
            if (tick == firing.Ticks[0]
                && FiringPlan.MayExtend(firing, StorageTime.From(last))
                && schedule.Ticks.GetValueOrDefault((schedule.NewestLine, false)) is { } newest
                && newest.Status == tick.Status
                && newest.Through == last)
            {
                line = newest with { Through = tick.Through, Count = newest.Count + tick.Count };
            }

            schedule.Ticks[(line.Tick, false)] = line with { RecordedAt = now };
            schedule.NewestLine = line.Tick > schedule.NewestLine ? line.Tick : schedule.NewestLine;
        }
    }

    private MemorySchedule Add(string id)
    {
        var schedule = new MemorySchedule();
        _schedules.Add(id, schedule);
        return schedule;
    }

    private void Put(MemorySchedule schedule, ScheduleRecord record)
    {
        if (schedule.Record is { } before)
        {
            Unlist(before);
        }

        schedule.Record = record;
        if (record.State != ScheduleState.Active)
        {
            return;
        }

        if (record.NextTick is { } next)
        {
            _due.Add((next, record.Id));
        }

        if (record.QueuedTick is { } queued)
        {
            _queued.Add((queued, record.Id));
        }
    }

    private void Unlist(ScheduleRecord record)
    {
        if (record.NextTick is { } next)
        {
            _due.Remove((next, record.Id));
        }

        if (record.QueuedTick is { } queued)
        {
            _queued.Remove((queued, record.Id));
        }
    }

    /// <summary>True for a tick that was recorded, unless it is the one that waits.</summary>
    private static bool WasRecorded(MemorySchedule schedule, DateTimeOffset tick) =>
        tick <= schedule.Record.LastTick && (tick != schedule.Record.QueuedTick
            || schedule.Ticks.GetValueOrDefault((tick, false)) is { Status: not TickStatus.Queued });

    private PublishStatus Enqueue(MemorySchedule schedule, JobMessage job, DateTimeOffset now)
    {
        schedule.Open.Add(job.Id);
        return life.Publish(job, now).Status;
    }

    private DueSchedule Due(MemorySchedule schedule) => new(schedule.Record, Unfinished(schedule));

    private int Unfinished(MemorySchedule schedule) => schedule.Open.Count(IsUnfinished);

    /// <summary>
    /// Once a firing has seen that a job has ended, the job no longer counts, even when a person requeues it.
    /// </summary>
    private void ForgetEnded(MemorySchedule schedule) => schedule.Open.RemoveWhere(job => !IsUnfinished(job));

    private bool IsOpen(MemorySchedule schedule, TickRecord tick) =>
        tick.Status == TickStatus.Queued
            ? tick.Tick == schedule.Record.QueuedTick
            : tick.JobId is { } job && schedule.Open.Contains(job) && IsUnfinished(job);

    private bool IsUnfinished(JobId id) => state.TryFind(id, out var job) && !job.State.IsFinal;

    private sealed class MemorySchedule
    {
        [AllowNull]
        public ScheduleRecord Record { get; set; }

        /// <summary>By tick; one that was run by hand at the instant of a tick is not that tick.</summary>
        public SortedDictionary<(DateTimeOffset Tick, bool Manual), TickRecord> Ticks { get; } = [];

        /// <summary>The first tick of the newest line of ticks; it may have been pruned.</summary>
        public DateTimeOffset NewestLine { get; set; }

        /// <summary>Jobs from when they are enqueued until a firing sees that they have ended.</summary>
        public HashSet<JobId> Open { get; } = [];
    }
}
