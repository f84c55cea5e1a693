using System.Globalization;
using System.Text.Json;
using Lovage;
using Lovage.Storage;

namespace Quickstart.Jobs;

/// <summary>Where reports go and whose days they are about.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="TimeZone">The IANA id of the zone whose midnight ends a day.</param>
public sealed record ReportPlace(string Folder, string TimeZone);

/// <summary>The days that a report may be about, whose ends are times in every zone.</summary>
public static class ReportDays
{
    public const string Words = "a date as 2026-11-22, from 1970 to 9998";

    public static bool Has(DateOnly day) => day.Year is >= 1970 and <= 9998;
}

/// <summary>What was processed on one day.</summary>
public sealed record DailyReport
{
    public required string Day { get; init; }

    public required string TimeZone { get; init; }

    /// <summary>Jobs that ended that day, by name and by Celery's word for how.</summary>
    public required IReadOnlyDictionary<string, SortedDictionary<string, int>> Jobs { get; init; }

    /// <summary>How many data sets jobs processed.</summary>
    public required int Datasets { get; init; }

    /// <summary>The rows in them.</summary>
    public required long Rows { get; init; }
}

public sealed class ReportJobs(JobInspector jobs, ReportPlace place, TimeProvider time)
{
    private const int PageSize = 500;

    // A job of that day may have been enqueued long before; ended jobs are kept for a week.
    private static readonly TimeSpan LookBack = TimeSpan.FromDays(7);

    /// <summary>
    /// Counts the jobs that ended on a day, yesterday by default, and writes the report of that day. A second run
    /// writes the same file again.
    /// </summary>
    [Job("daily_report")]
    public async Task<DailyReport> DailyReportAsync(
        JobContext context, string? day = null, CancellationToken cancellationToken = default)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(place.TimeZone);
        var (date, from, to) = Bounds(day, context.Tick, zone);
        var totals = new SortedDictionary<string, SortedDictionary<string, int>>(StringComparer.Ordinal);
        var (datasets, rows) = (0, 0L);
        for (JobPage? page = null;
            page is null || (page.Next is not null && page.Jobs[^1].EnqueuedAt > from - LookBack);)
        {
            page = await jobs.ListAsync(new JobQuery { Limit = PageSize, After = page?.Next }, cancellationToken);
            foreach (var job in page.Jobs.Where(job => job.FinishedAt >= from && job.FinishedAt < to))
            {
                if (!totals.TryGetValue(job.Message.Name, out var ends))
                {
                    totals.Add(job.Message.Name, ends = new SortedDictionary<string, int>(StringComparer.Ordinal));
                }

                var word = job.State.CeleryWord;
                ends[word] = ends.GetValueOrDefault(word) + 1;
                if (job is { Message.Name: "process_data", State: JobState.Succeeded, Result.IsEmpty: false })
                {
                    datasets++;
                    rows += JsonElement.Parse(job.Result.Span).TryGetProperty("rows", out var counted)
                        ? counted.GetInt32()
                        : 0;
                }
            }
        }

        var report = new DailyReport
        {
            Day = date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            TimeZone = place.TimeZone,
            Jobs = totals,
            Datasets = datasets,
            Rows = rows,
        };
        await WriteAsync(report, cancellationToken);
        return report;
    }

    /// <exception cref="BadArgumentsException">The text is no day.</exception>
    private (DateOnly Day, DateTimeOffset From, DateTimeOffset To) Bounds(
        string? day, DateTimeOffset? tick, TimeZoneInfo zone)
    {
        // A tick that fires late still means the day before the tick.
        var date = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(tick ?? time.GetUtcNow(), zone).DateTime).AddDays(-1);
        if (day is not null
            && !(DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out date)
                && ReportDays.Has(date)))
        {
            throw new BadArgumentsException("daily_report", "day", $"'day' is {ReportDays.Words}.");
        }

        return (date, Midnight(date, zone), Midnight(date.AddDays(1), zone));
    }

    /// <summary>The day's first instant: where clocks are put forward at midnight, the first after the gap.</summary>
    private static DateTimeOffset Midnight(DateOnly day, TimeZoneInfo zone)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(30);
        }

        return new DateTimeOffset(local, zone.GetUtcOffset(local));
    }

    private async Task WriteAsync(DailyReport report, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(place.Folder);
        var path = Path.Combine(place.Folder, $"{report.Day}.json");
        var unfinished = $"{path}.{Path.GetRandomFileName()}";
        await File.WriteAllBytesAsync(
            unfinished,
            JsonSerializer.SerializeToUtf8Bytes(report, QuickstartJson.Default.DailyReport),
            cancellationToken);
        File.Move(unfinished, path, overwrite: true);
    }
}
