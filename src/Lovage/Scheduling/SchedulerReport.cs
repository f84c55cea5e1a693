using System.Globalization;
using Lovage.Diagnostics;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Scheduling;

/// <summary>Writes the scheduler's log lines and metrics.</summary>
/// <param name="logger">Where it is said.</param>
/// <param name="outage">Tells the faults of the storage once; null to tell each.</param>
internal sealed partial class SchedulerReport(ILogger logger, StorageOutage? outage)
{
    private readonly MetricNames _ids = new();
    private readonly Lock _lock = new();

    /// <summary>Missed ticks of long gaps, which take several steps and are told once.</summary>
    private readonly Dictionary<string, TickRecord> _gaps = new(StringComparer.Ordinal);

    internal void Recorded(ScheduleRecord schedule, Firing firing, DateTimeOffset now) => Unfailing.Tell(
        (Report: this, schedule, firing, now),
        static told => told.Report.TellRecorded(told.schedule, told.firing, told.now));

    private void TellRecorded(ScheduleRecord schedule, Firing firing, DateTimeOffset now)
    {
        foreach (var tick in firing.Ticks)
        {
            if (tick.Status != TickStatus.Missed)
            {
                TellGap(schedule.Id);
            }

            switch (tick.Status)
            {
                case TickStatus.Fired:
                    Lateness(schedule, tick, now);
                    Fired(
                        logger,
                        schedule.Id,
                        tick.Tick,
                        schedule.Job.Name,
                        tick.JobId!.Value,
                        Math.Max(0, (now - tick.Tick).TotalSeconds));
                    break;
                case TickStatus.Missed:
                    CountMissed(schedule.Id, tick.Count, "late");
                    AddToGap(schedule.Id, tick);
                    break;
                case TickStatus.Skipped:
                    CountMissed(schedule.Id, tick.Count, "overlap");
                    Skipped(logger, schedule.Id, tick.Count, tick.Tick, tick.Through);
                    break;
                case TickStatus.Queued:
                    Queued(logger, schedule.Id, tick.Tick);
                    break;
            }
        }

        if (!(firing.NextTick <= now))
        {
            TellGap(schedule.Id);
        }

        if (firing.State == ScheduleState.Broken)
        {
            Broken(logger, schedule.Id, firing.Reason);
        }
    }

    private void AddToGap(string id, TickRecord line)
    {
        lock (_lock)
        {
            _gaps[id] = _gaps.TryGetValue(id, out var begun)
                ? begun with { Through = line.Through, Count = begun.Count + line.Count }
                : line;
        }
    }

    private void TellGap(string id)
    {
        TickRecord? line;
        lock (_lock)
        {
            _gaps.Remove(id, out line);
        }

        if (line is not null)
        {
            Missed(logger, id, line.Count, line.Tick, line.Through);
        }
    }

    /// <summary>Ticks were due when their schedule got another trigger.</summary>
    internal void MissedByChange(string id, TickRecord line)
    {
        CountMissed(id, line.Count, "changed");
        MissedByChange(logger, id, line.Count, line.Tick, line.Through);
    }

    /// <summary>This process leaves a schedule to other nodes.</summary>
    internal void Left(string id, string why) => Left(logger, id, why);

    /// <summary>A broken schedule goes on, because this process can compute its trigger.</summary>
    internal void Revived(string id, DateTimeOffset? next) => Revived(logger, id, next);

    /// <summary>A schedule goes on at an earlier tick than the one it stood at.</summary>
    internal void PutBack(string id, DateTimeOffset? before, DateTimeOffset? next) =>
        PutBack(logger, id, next, before?.ToString("O", CultureInfo.InvariantCulture) ?? "never");

    /// <summary>Ticks after now were dealt with.</summary>
    internal void FiredAhead(string id, DateTimeOffset last, DateTimeOffset now) => FiredAhead(logger, id, last, now);

    /// <summary>A schedule of this app's code has no tick.</summary>
    internal void NeverFires(string id, string why) => NeverFires(logger, id, why);

    internal void NodeMissed(string id, long count, DateTimeOffset first, DateTimeOffset last)
    {
        CountMissed(id, count, "late");
        Missed(logger, id, count, first, last);
    }

    internal void NodeSkipped(string id, DateTimeOffset tick)
    {
        CountMissed(id, 1, "overlap");
        Skipped(logger, id, 1, tick, tick);
    }

    /// <summary>What the comparison of the app's code with the storage did.</summary>
    internal void Synced(string id, string what) => Synced(logger, id, what);

    internal void Refused(string id, string why) => Refused(logger, id, why);

    /// <summary>Newer code has stored the schedules of an owner.</summary>
    internal void LeftToNewer(string owner, string newer, string? version) =>
        LeftToNewer(logger, owner, newer, version ?? "unknown");

    /// <summary>The comparison of the app's code with the storage is done.</summary>
    internal void Compared(int count) => Compared(logger, count);

    internal void LoopFault(string loop, Exception error)
    {
        var level = outage?.LevelOf(error) ?? LogLevel.Warning;
        LoopFault(logger, level, error, loop);
    }

    private void CountMissed(string id, long count, string reason) => Unfailing.Tell(
        (Id: _ids.Of(id), count, reason),
        static told => LovageTelemetry.ScheduleMissed.Add(
            told.count, new("lovage.schedule.id", told.Id), new("reason", told.reason)));

    private void Lateness(ScheduleRecord schedule, TickRecord tick, DateTimeOffset now)
    {
        if (LovageTelemetry.ScheduleLateness.Enabled)
        {
            LovageTelemetry.ScheduleLateness.Record(
                Math.Max(0, (now - tick.Tick).TotalSeconds),
                new KeyValuePair<string, object?>("lovage.schedule.id", _ids.Of(schedule.Id)));
        }
    }

    [LoggerMessage(
        5001, LogLevel.Debug, "Schedule {ScheduleId} fired {Tick:O}: {JobName}[{JobId}], {LateSeconds:0.000} s late")]
    private static partial void Fired(
        ILogger logger, string scheduleId, DateTimeOffset tick, string jobName, JobId jobId, double lateSeconds);

    [LoggerMessage(
        5002,
        LogLevel.Warning,
        "Schedule {ScheduleId} missed {Count} ticks, {First:O} to {Last:O}: no scheduler fired them in time, and its "
            + "policy does not make up for them")]
    private static partial void Missed(
        ILogger logger, string scheduleId, long count, DateTimeOffset first, DateTimeOffset last);

    [LoggerMessage(
        5003,
        LogLevel.Warning,
        "Schedule {ScheduleId} skipped {Count} ticks, {First:O} to {Last:O}: jobs of earlier ticks have not ended")]
    private static partial void Skipped(
        ILogger logger, string scheduleId, long count, DateTimeOffset first, DateTimeOffset last);

    [LoggerMessage(
        5004, LogLevel.Information, "Schedule {ScheduleId} holds tick {Tick:O} back until the job before it has ended")]
    private static partial void Queued(ILogger logger, string scheduleId, DateTimeOffset tick);

    [LoggerMessage(5005, LogLevel.Error, "Schedule {ScheduleId} is broken and fires no more: {Reason}")]
    private static partial void Broken(ILogger logger, string scheduleId, string? reason);

    [LoggerMessage(EventId = 5006, Message = "The scheduler's {Loop} loop failed and goes on")]
    private static partial void LoopFault(ILogger logger, LogLevel level, Exception error, string loop);

    [LoggerMessage(5007, LogLevel.Information, "Schedule {ScheduleId}: {What}")]
    private static partial void Synced(ILogger logger, string scheduleId, string what);

    [LoggerMessage(5008, LogLevel.Error, "Schedule {ScheduleId} of this app's code is not used: {Why}")]
    private static partial void Refused(ILogger logger, string scheduleId, string why);

    [LoggerMessage(
        5009,
        LogLevel.Warning,
        "This process cannot compute the trigger of schedule {ScheduleId}, and leaves it to other nodes: {Why}")]
    private static partial void Left(ILogger logger, string scheduleId, string why);

    [LoggerMessage(
        5010,
        LogLevel.Information,
        "Schedule {ScheduleId} was broken and fires again, from {Next:O}: this process can compute its trigger")]
    private static partial void Revived(ILogger logger, string scheduleId, DateTimeOffset? next);

    [LoggerMessage(
        5011,
        LogLevel.Warning,
        "Schedule {ScheduleId} goes on at {Next:O} instead of {Before}: its trigger has that earlier tick. A clock "
            + "that was ahead had computed the later one")]
    private static partial void PutBack(ILogger logger, string scheduleId, DateTimeOffset? next, string before);

    [LoggerMessage(
        5012,
        LogLevel.Warning,
        "Schedule {ScheduleId} has dealt with ticks up to {Last:O}, and it is {Now:O} now: the storage's clock was "
            + "ahead. It fires no tick twice, so its next tick comes after those")]
    private static partial void FiredAhead(
        ILogger logger, string scheduleId, DateTimeOffset last, DateTimeOffset now);

    [LoggerMessage(5013, LogLevel.Warning, "Schedule {ScheduleId} of this app's code never fires: {Why}")]
    private static partial void NeverFires(ILogger logger, string scheduleId, string why);

    [LoggerMessage(
        5014,
        LogLevel.Warning,
        "Schedule {ScheduleId} missed {Count} ticks, {First:O} to {Last:O}: they were due when its trigger was "
            + "changed")]
    private static partial void MissedByChange(
        ILogger logger, string scheduleId, long count, DateTimeOffset first, DateTimeOffset last);

    [LoggerMessage(
        5015,
        LogLevel.Warning,
        "Version {Newer} of '{Owner}' has stored schedules, and the version here is {Version}. This process leaves the "
            + "schedules of '{Owner}' as they are. To bring the older ones back, start with Lovage:AppVersion above "
            + "{Newer}")]
    private static partial void LeftToNewer(ILogger logger, string owner, string newer, string version);

    [LoggerMessage(5016, LogLevel.Debug, "The {Count} schedules of this app's code were compared with the storage")]
    private static partial void Compared(ILogger logger, int count);
}
