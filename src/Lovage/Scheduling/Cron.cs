using Lovage.Scheduling;

namespace Lovage;

/// <summary>Triggers from cron expressions.</summary>
public static class Cron
{
    /// <summary>
    /// Parses a standard expression: five fields, or six with seconds first, or a macro as <c>@daily</c>.
    /// </summary>
    /// <param name="expression">As <c>0 9 * * MON-FRI</c>: at most 256 characters.</param>
    /// <param name="timeZone">The IANA id of the zone whose clock it reads; UTC by default.</param>
    /// <exception cref="TriggerException">The expression is not valid or never fires, or the zone is not
    /// known.</exception>
    public static CronTrigger Parse(string expression, string timeZone = ZoneIds.Utc) => new(expression, timeZone);

    /// <summary>
    /// Parses an expression by Celery's rules; the fields stand in the order of <c>crontab.from_string</c>.
    /// </summary>
    /// <param name="expression">As <c>0 0 13 * fri</c>, which is Friday the 13th only: at most 256 characters.</param>
    /// <param name="timeZone">The IANA id of the zone whose clock it reads; UTC by default, as Celery's own
    /// setting.</param>
    /// <exception cref="TriggerException">The expression is not valid or never fires, or the zone is not
    /// known.</exception>
    public static CronTrigger ParseCelery(string expression, string timeZone = ZoneIds.Utc) =>
        new(expression, timeZone, CronDialect.Celery);
}
