using Lovage.Dashboard.Api;

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
    private const int FailedMax = 200;

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
            foreach (var schedule in await _schedules.ListAsync(null, ListMax, cancellationToken))
            {
                mark.Add((schedule.Id, schedule.State, schedule.Reason, schedule.TriggerJson, schedule.IsEdited));
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
        var all = await _schedules.ListAsync(null, ListMax, cancellationToken);
        var problems = new List<ScheduleProblem>();
        problems.AddRange(all.Where(static schedule => schedule.State == ScheduleState.Broken)
            .Select(static schedule => new ScheduleProblem(
                schedule.Id, "broken", schedule.Reason, "broken", schedule.NextTick ?? schedule.LastTick)));
        problems.AddRange(all
            .Where(schedule => schedule.State == ScheduleState.Active && schedule.NextTick < now - Late)
            .Select(static schedule => new ScheduleProblem(
                schedule.Id, "active", "No scheduler has fired its tick.", "late", schedule.NextTick)));
        if (all.Count > 0 && _jobs.Qualifiers.HasFlag(JobQualifiers.Schedule))
        {
            problems.AddRange(await FailedAsync(all, now, cancellationToken));
        }

        return [.. problems.Take(ProblemsMax)];
    }

    /// <summary>From the newest failed jobs to the schedules that have enqueued nothing since.</summary>
    private async Task<IReadOnlyList<ScheduleProblem>> FailedAsync(
        IReadOnlyList<Schedule> all, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var failed = await _jobs.ListAsync(
            new JobQuery
            {
                States = [JobState.Failed, JobState.Dead, JobState.Expired],
                Since = now - FailedSince,
                Limit = FailedMax,
            },
            cancellationToken);
        var known = all.ToDictionary(static schedule => schedule.Id, StringComparer.Ordinal);
        var suspects = failed.Jobs
            .Where(job => ScheduleOf(job) is { } id && known.ContainsKey(id))
            .DistinctBy(ScheduleOf, StringComparer.Ordinal)
            .ToList();
        if (suspects.Count == 0)
        {
            return [];
        }

        var newest = await _jobs.NewestOfSchedulesAsync(
            [.. suspects.Select(static job => ScheduleOf(job)!)], cancellationToken);
        return
        [
            .. suspects.Where((job, i) => newest[i]?.Id == job.Id)
                .Select(job => (Job: job, Schedule: known[ScheduleOf(job)!]))
                .Select(static one => new ScheduleProblem(
                    one.Schedule.Id,
                    one.Schedule.State == ScheduleState.Active ? "active" : "paused",
                    TextCut.Of(one.Job.Error?.Message ?? one.Job.Reason ?? "Its last job failed.", 300),
                    "failed",
                    one.Job.FinishedAt)),
        ];
    }

    private static string? ScheduleOf(JobRecord job) =>
        job.Message.Headers.GetValueOrDefault(ScheduleHeaders.Schedule);
}
