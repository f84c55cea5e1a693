using Lovage.Storage;

namespace Lovage.Specification;

/// <summary>What a schedule is in the model.</summary>
internal sealed class ModelSchedule(ScheduleRecord record)
{
    public ScheduleRecord Record { get; set; } = record;

    public SortedDictionary<(DateTimeOffset Tick, bool Manual), TickRecord> Lines { get; } = [];

    /// <summary>Jobs that no firing has seen ended.</summary>
    public HashSet<JobId> Open { get; } = [];
}

/// <summary>The rules of schedules, said as plainly as possible, to compare a storage with.</summary>
internal sealed class ScheduleModel
{
    public Dictionary<string, ModelSchedule> Schedules { get; } = new(StringComparer.Ordinal);

    /// <summary>Jobs that the storage knows, and whether they have ended.</summary>
    public Dictionary<JobId, bool> Jobs { get; } = [];

    public bool Save(ScheduleRecord schedule, DateTimeOffset now)
    {
        var known = Schedules.GetValueOrDefault(schedule.Id);
        if ((known?.Record.Version ?? 0) != schedule.Version)
        {
            return false;
        }

        if (known is null)
        {
            Schedules.Add(schedule.Id, new ModelSchedule(
                schedule with { CreatedAt = now, Fired = 0, Missed = 0, Skipped = 0, LastTick = null }));
        }
        else
        {
            var kept = known.Record;
            known.Record = schedule with
            {
                CreatedAt = kept.CreatedAt,
                Fired = kept.Fired,
                Missed = kept.Missed,
                Skipped = kept.Skipped,
                LastTick = kept.LastTick,
            };
        }

        return true;
    }

    public FireStatus Record(Firing firing, DateTimeOffset now)
    {
        if (!Schedules.TryGetValue(firing.Id, out var schedule)
            || schedule.Record.Version != firing.Version
            || schedule.Record.State != ScheduleState.Active)
        {
            return FireStatus.Stale;
        }

        if (firing.Ticks.Any(tick => tick.Through > now))
        {
            return FireStatus.Early;
        }

        Forget(schedule);
        var record = schedule.Record;
        foreach (var tick in firing.Ticks)
        {
            var newest = schedule.Lines.LastOrDefault(static line => !line.Key.Manual).Value;
            var isNeighbour = tick.Status is TickStatus.Missed or TickStatus.Skipped
                && tick == firing.Ticks[0]
                && tick.Tick > record.LastTick
                && newest?.Status == tick.Status
                && newest.Through == record.LastTick;
            Write(
                schedule,
                isNeighbour
                    ? newest! with { Through = tick.Through, Count = newest.Count + tick.Count, RecordedAt = now }
                    : tick with { RecordedAt = now });
        }

        schedule.Record = record with
        {
            LastTick = firing.Ticks.Select(tick => (DateTimeOffset?)tick.Through).Append(record.LastTick).Max(),
            NextTick = firing.NextTick,
            QueuedTick = firing.QueuedTick,
            State = firing.State,
            Reason = firing.Reason,
            Fired = record.Fired + firing.Ticks.Count(tick => tick.Status == TickStatus.Fired),
            Missed = record.Missed + firing.Ticks.Where(tick => tick.Status == TickStatus.Missed)
                .Sum(tick => tick.Count),
            Skipped = record.Skipped + firing.Ticks.Where(tick => tick.Status == TickStatus.Skipped)
                .Sum(tick => tick.Count),
        };
        return FireStatus.Recorded;
    }

    public bool Run(string id, JobId job, DateTimeOffset now)
    {
        if (!Schedules.TryGetValue(id, out var schedule))
        {
            return false;
        }

        Forget(schedule);
        Write(schedule, new TickRecord(now, TickStatus.Manual) { JobId = job, RecordedAt = now });
        return true;
    }

    public int Prune(TimeSpan keep, DateTimeOffset now)
    {
        var old = Schedules.Values
            .SelectMany(
                schedule => schedule.Lines, (schedule, line) => (Schedule: schedule, line.Key, Line: line.Value))
            .Where(item => item.Line.RecordedAt < now - keep
                && !(item.Line.JobId is { } job && item.Schedule.Open.Contains(job) && IsUnfinished(job)))
            .Where(item => item.Line.Status != TickStatus.Queued || item.Schedule.Record.QueuedTick != item.Line.Tick)
            .ToList();
        old.ForEach(item => item.Schedule.Lines.Remove(item.Key));
        return old.Count;
    }

    public IReadOnlyList<(string Id, int Unfinished)> Due(DateTimeOffset now) =>
        [.. Active()
            .Select(schedule => (schedule, At: DueAt(schedule, now)))
            .Where(item => item.At is not null)
            .OrderBy(item => item.At)
            .Select(item => (item.schedule.Record.Id, Unfinished(item.schedule)))];

    public DateTimeOffset? Next(DateTimeOffset now) =>
        Active().Select(schedule => schedule.Record.NextTick).Where(tick => tick > now).Min();

    public bool AnyQueued() => Active().Any(schedule => schedule.Record.QueuedTick is not null);

    public int Unfinished(ModelSchedule schedule) => schedule.Open.Count(IsUnfinished);

    private IEnumerable<ModelSchedule> Active() =>
        Schedules.Values.Where(schedule => schedule.Record.State == ScheduleState.Active);

    private DateTimeOffset? DueAt(ModelSchedule schedule, DateTimeOffset now) =>
        schedule.Record.QueuedTick is { } queued && Unfinished(schedule) == 0 ? queued
        : schedule.Record.NextTick <= now ? schedule.Record.NextTick
        : null;

    private void Forget(ModelSchedule schedule) => schedule.Open.RemoveWhere(job => !IsUnfinished(job));

    private void Write(ModelSchedule schedule, TickRecord tick)
    {
        schedule.Lines[(tick.Tick, tick.Status == TickStatus.Manual)] = tick;
        if (tick.JobId is { } job)
        {
            schedule.Open.Add(job);
            Jobs.Add(job, false);
        }
    }

    private bool IsUnfinished(JobId job) => Jobs.TryGetValue(job, out var hasEnded) && !hasEnded;
}
