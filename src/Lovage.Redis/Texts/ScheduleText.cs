using Lovage.Storage;
using Lovage.Storage.Columns;

namespace Lovage.Redis.Texts;

/// <summary>A schedule as one row, in the columns of <see cref="ScheduleColumns"/>; its version stands apart.</summary>
internal static class ScheduleText
{
    internal static string Write(ScheduleRecord schedule)
    {
        var job = schedule.Job;
        var policy = schedule.Policy;
        return TextRow.Write(
            job.Id.Value,
            job.Name,
            job.Queue,
            job.Priority,
            MessageColumns.Flags(job),
            job.Retries,
            StorageTime.From(schedule.CreatedAt),
            job.Delay.Ticks,
            StorageTime.From(job.Eta),
            StorageTime.From(job.Expires),
            job.MaxAttempts,
            job.Body.ToArray(),
            MessageColumns.More(job, withOrigin: false),
            job.Extra.ToArray(),
            job.Origin,
            schedule.Id,
            schedule.Trigger,
            schedule.App,
            schedule.CodeDigest,
            schedule.CodeVersion,
            schedule.IsEdited,
            (int)policy.Misfire,
            policy.Grace?.Ticks,
            policy.CatchUpMax,
            (int)policy.Overlap,
            policy.OverlapMax,
            policy.Jitter.Ticks,
            0,
            (int)schedule.State,
            schedule.Reason,
            StorageTime.From(schedule.NextTick),
            StorageTime.From(schedule.LastTick),
            StorageTime.From(schedule.QueuedTick),
            schedule.Fired,
            schedule.Missed,
            schedule.Skipped);
    }

    internal static ScheduleRecord Read(string text, long version)
    {
        using var row = TextRow.Read(text);
        return ScheduleColumns.Read(row) with { Version = version };
    }
}
