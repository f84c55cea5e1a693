using Lovage.Dashboard.Api;
using Lovage.Storage;

namespace Lovage.Dashboard.Sampling;

/// <summary>Finds the schedules that need a person: broken ones, late ones, and those whose last job failed.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class ScheduleWatch
{
    /// <summary>How late a tick is before it is told.</summary>
    internal static readonly TimeSpan Late = TimeSpan.FromSeconds(30);

    /// <summary>Schedules that are looked at.</summary>
    private const int ListMax = 1_000;

    /// <summary>Failed jobs that are looked at.</summary>
    private const int FailedMax = 50;

    private const int ProblemsMax = 20;

    private static readonly TimeSpan FailedSince = TimeSpan.FromDays(1);

    private readonly JobInspector _jobs;
    private readonly ScheduleClient _schedules;
    private readonly TimeProvider _time;
    private readonly Cached<IReadOnlyList<ScheduleProblem>> _problems;
    private readonly Cached<string> _mark;

    internal ScheduleWatch(JobInspector jobs, ScheduleClient schedules, TimeProvider time)
    {
        _jobs = jobs;
        _schedules = schedules;
        _time = time;
        _problems = new(time, TimeSpan.FromSeconds(5), ReadAsync);
        _mark = new(time, TimeSpan.FromSeconds(2), ReadMarkAsync);
    }

    internal Task<IReadOnlyList<ScheduleProblem>> ProblemsAsync(CancellationToken cancellationToken) =>
        _problems.GetAsync(cancellationToken);

    /// <summary>A text that changes when a schedule does.</summary>
    internal Task<string> MarkAsync(CancellationToken cancellationToken) => _mark.GetAsync(cancellationToken);

    /// <summary>After a change that a person made.</summary>
    internal void Forget()
    {
        _problems.Forget();
        _mark.Forget();
    }

    private async Task<string> ReadMarkAsync(CancellationToken cancellationToken)
    {
        var mark = new HashCode();
        if (_jobs.DescribeStorage().HasSchedules)
        {
            foreach (var schedule in await _schedules.RecordsAsync(ListMax, cancellationToken))
            {
                mark.Add((schedule.Id, schedule.State, schedule.Reason, schedule.Trigger, schedule.IsEdited));
                mark.Add((schedule.NextTick, schedule.LastTick, schedule.Fired, schedule.Missed, schedule.Skipped));
            }
        }

        return mark.ToHashCode().ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<IReadOnlyList<ScheduleProblem>> ReadAsync(CancellationToken cancellationToken)
    {
        if (!_jobs.DescribeStorage().HasSchedules)
        {
            return [];
        }

        var now = _time.GetUtcNow();
        var all = await _schedules.RecordsAsync(ListMax, cancellationToken);
        var problems = new List<ScheduleProblem>();
        problems.AddRange(all.Where(static schedule => schedule.State == ScheduleState.Broken)
            .Select(static schedule => new ScheduleProblem(
                schedule.Id, "broken", schedule.Reason, "broken", schedule.NextTick ?? schedule.LastTick)));
        problems.AddRange(all
            .Where(schedule => schedule.State == ScheduleState.Active && schedule.NextTick < now - Late)
            .Select(static schedule => new ScheduleProblem(
                schedule.Id, "active", "No scheduler has fired its tick.", "late", schedule.NextTick)));
        if (all.Count > 0
            && _jobs.DescribeStorage().HasHistory
            && _jobs.Qualifiers.HasFlag(JobQualifiers.Schedule))
        {
            problems.AddRange(await FailedAsync(all, now, cancellationToken));
        }

        return [.. problems.Take(ProblemsMax)];
    }

    /// <summary>The schedules whose newest job has failed within a day, the newest failure first.</summary>
    private async Task<IReadOnlyList<ScheduleProblem>> FailedAsync(
        IReadOnlyList<ScheduleRecord> all, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var newest = await _jobs.NewestOfSchedulesAsync(
            [.. all.Select(static schedule => schedule.Id)], cancellationToken);
        var failed = all.Zip(newest)
            .Where(static one => one.Second is { State: JobState.Failed or JobState.Dead or JobState.Expired })
            .OrderByDescending(static one => one.First.LastTick)
            .Take(FailedMax)
            .ToList();
        if (failed.Count == 0)
        {
            return [];
        }

        var jobs = await _jobs.FindAllAsync([.. failed.Select(static one => one.Second!.Id)], cancellationToken);
        return
        [
            .. failed.Zip(jobs, static (one, job) => (Schedule: one.First, Job: job))
                .Where(one => one.Job?.FinishedAt >= now - FailedSince)
                .OrderByDescending(static one => one.Job!.FinishedAt)
                .Take(ProblemsMax)
                .Select(static one => new ScheduleProblem(
                    one.Schedule.Id,
                    one.Schedule.State == ScheduleState.Active ? "active" : "paused",
                    TextCut.Of(one.Job!.Error?.Message ?? one.Job.Reason ?? "Its last job failed.", 300),
                    "failed",
                    one.Job.FinishedAt)),
        ];
    }
}
