using Lovage;
using Microsoft.Extensions.DependencyInjection;

namespace Quickstart.Jobs;

/// <summary>Adds the nightly report to an app.</summary>
public static class ReportSetup
{
    /// <summary>
    /// Adds the schedule of the report and what its job needs. The web app and the worker both call it: the same
    /// schedule from two processes is one schedule.
    /// </summary>
    public static LovageBuilder AddDailyReport(this LovageBuilder lovage, ReportPlace reports)
    {
        lovage.Services.AddSingleton(reports);
        return lovage.AddSchedule("daily-report", Cron.Parse("0 0 * * *", reports.TimeZone), ReportJobs.DailyReport());
    }
}
