using System.Diagnostics.CodeAnalysis;
using Lovage.Protocol;

namespace Lovage.Storage.Memory;

/// <summary>Schedules in memory, in the same state and under the same lock as the jobs they enqueue.</summary>
internal sealed class MemorySchedules(MemoryState state, SignalBus signals) : ScheduleStore(signals)
{
    private readonly SortedDictionary<string, MemorySchedule> _schedules = new(StringComparer.Ordinal);
    private readonly SortedSet<(DateTimeOffset Tick, string Id)> _due = new(DueOrder);
    private readonly SortedSet<string> _queued = new(StringComparer.Ordinal);
    private (string Owner, long Until)? _leader;

    private static Comparer<(DateTimeOffset Tick, string Id)> DueOrder { get; } = Comparer<(DateTimeOffset Tick, string Id)>.Create(
        static (a, b) => a.Tick != b.Tick ? a.Tick.CompareTo(b.Tick) : string.CompareOrdinal(a.Id, b.Id));

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
            Put(known ?? Add(schedule.Id), schedule with
            {
                CreatedAt = stored?.CreatedAt ?? state.Now,
                LastTick = stored?.LastTick,
                Fired = stored?.Fired ?? 0,
                Missed = stored?.Missed ?? 0,
                Skipped = stored?.Skipped ?? 0,
                Version = schedule.Version + 1,
            });
            return new(schedule.Version + 1);
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

    protected override ValueTask<IReadOnlyList<ScheduleRecord>> ListCoreAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new([.. _schedules.Values.Select(static schedule => schedule.Record).Where(record => after is null || string.CompareOrdinal(record.Id, after) > 0).Take(limit)]);
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
            var due = new List<DueSchedule>();
            foreach (var id in _queued)
            {
                if (due.Count < max && Unfinished(_schedules[id]) == 0)
                {
                    due.Add(new DueSchedule(_schedules[id].Record, 0));
                }
            }

            DateTimeOffset? next = null;
            foreach (var (tick, id) in _due)
            {
                if (tick > now || due.Count >= max)
                {
                    next = tick;
                    break;
                }

                if (!due.Exists(other => other.Schedule.Id == id))
                {
                    due.Add(new DueSchedule(_schedules[id].Record, Unfinished(_schedules[id])));
                }
            }

            var rest = next - now;
            return new(new DueResult(now, due, rest < TimeSpan.Zero ? TimeSpan.Zero : rest, _queued.Count > 0));
        }
    }

    protected override ValueTask<IReadOnlyList<FireStatus>> RecordCoreAsync(IReadOnlyList<Firing> firings, CancellationToken cancellationToken)
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

            // Twice in the same instant by hand is still twice.
            var now = state.Now;
            var tick = now;
            while (schedule.Ticks.ContainsKey((tick, true)))
            {
                tick = tick.AddTicks(1);
            }

            state.Publish(job, now);
            Record(schedule, new TickRecord(tick, TickStatus.Manual) { JobId = job.Id, RecordedAt = now });
            return new(true);
        }
    }

    protected override ValueTask<IReadOnlyList<TickRecord>> HistoryCoreAsync(string id, int limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(_schedules.TryGetValue(id, out var schedule) ? [.. schedule.Ticks.Values.Reverse().Take(limit)] : []);
        }
    }

    protected override ValueTask<int> PruneCoreAsync(TimeSpan keep, int max, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var before = state.Now - keep;
            var removed = 0;
            foreach (var schedule in _schedules.Values)
            {
                _ = Unfinished(schedule);
                foreach (var tick in schedule.Ticks.Values.TakeWhile(tick => tick.RecordedAt < before).Where(tick => tick.Status != TickStatus.Queued && (tick.JobId is not { } job || !schedule.Open.Contains(job))).Take(max - removed).ToList())
                {
                    schedule.Ticks.Remove((tick.Tick, tick.Status == TickStatus.Manual));
                    removed++;
                }
            }

            return new(removed);
        }
    }

    protected override ValueTask<bool> TryLeadCoreAsync(string owner, TimeSpan lease, CancellationToken cancellationToken)
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
        if (!_schedules.TryGetValue(firing.Id, out var schedule) || schedule.Record.Version != firing.Version || schedule.Record.State != ScheduleState.Active)
        {
            return FireStatus.Stale;
        }

        var now = state.Now;
        if (firing.Ticks.Any(tick => tick.Through > now))
        {
            return FireStatus.Early;
        }

        foreach (var job in firing.Jobs)
        {
            state.Publish(job, now);
        }

        var record = schedule.Record;
        foreach (var tick in firing.Ticks)
        {
            Record(schedule, tick with { RecordedAt = now });
            record = record with
            {
                LastTick = record.LastTick > tick.Through ? record.LastTick : tick.Through,
                Fired = record.Fired + (tick.Status == TickStatus.Fired ? 1 : 0),
                Missed = record.Missed + (tick.Status == TickStatus.Missed ? tick.Count : 0),
                Skipped = record.Skipped + (tick.Status == TickStatus.Skipped ? tick.Count : 0),
            };
        }

        Put(schedule, record with { NextTick = firing.NextTick, QueuedTick = firing.QueuedTick, State = firing.State, Reason = firing.Reason, Version = record.Version + 1 });
        return FireStatus.Recorded;
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

        if (record.QueuedTick is not null)
        {
            _queued.Add(record.Id);
        }
    }

    private void Unlist(ScheduleRecord record)
    {
        _queued.Remove(record.Id);
        if (record.NextTick is { } next)
        {
            _due.Remove((next, record.Id));
        }
    }

    private static void Record(MemorySchedule schedule, TickRecord tick)
    {
        var key = (tick.Tick, tick.Status == TickStatus.Manual);
        if (schedule.Ticks.TryGetValue(key, out var known) && known.Status != TickStatus.Queued)
        {
            throw new StorageException($"Tick {tick.Tick:O} was recorded before. Its schedule's version should have told.", isTransient: false);
        }

        schedule.Ticks[key] = tick;
        if (tick.JobId is { } job)
        {
            schedule.Open.Add(job);
        }
    }

    /// <summary>Jobs of a schedule that have not ended; those that have are forgotten here.</summary>
    private int Unfinished(MemorySchedule schedule)
    {
        schedule.Open.RemoveWhere(id => !state.TryFind(id, out var job) || job.State.IsFinal);
        return schedule.Open.Count;
    }

    private sealed class MemorySchedule
    {
        [AllowNull]
        public ScheduleRecord Record { get; set; }

        /// <summary>By tick; one that was run by hand at the instant of a tick is not that tick.</summary>
        public SortedDictionary<(DateTimeOffset Tick, bool Manual), TickRecord> Ticks { get; } = [];

        public HashSet<JobId> Open { get; } = [];
    }
}
