namespace Lovage;

/// <summary>Whose rules a cron expression follows. No storage keeps the number; the JSON form has the word.</summary>
public enum CronDialect
{
    /// <summary>
    /// Vixie cron's five fields, or six with seconds first; L, W, #, ? and macros beside it. With both day fields
    /// restricted, a day that fits one of them is enough; a field that begins with a star does not restrict
    /// (crontab(5)).
    /// </summary>
    Standard = 0,

    /// <summary>
    /// Celery's crontab: five fields in the order of <c>crontab.from_string</c>, a day must fit both day fields, days
    /// of the week are 0 (Sunday) to 6, ranges may wrap (22-2), full names count. No seconds, macros, L, W, #, ? and no
    /// 5/10. Source: celery/schedules.py (<c>crontab_parser</c>, <c>crontab</c>), Celery 5.6, and
    /// https://docs.celeryq.dev/en/stable/reference/celery.schedules.html. Two things differ from Celery. A step larger
    /// than its field is refused (Celery takes its first value). Times that the clock skips fire as for every trigger.
    /// </summary>
    Celery = 1,
}
