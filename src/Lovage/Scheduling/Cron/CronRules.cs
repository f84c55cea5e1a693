namespace Lovage.Scheduling;

/// <summary>In what the dialects of cron differ: one table.</summary>
internal sealed class CronRules
{
    /// <summary>Vixie cron's five fields, with seconds, L, W, #, ? and macros added.</summary>
    internal static readonly CronRules Standard = new()
    {
        HasSeconds = true,
        HasMacros = true,
        HasSpecialDays = true,
        HasOpenStep = true,
        EitherDay = true,
        SundayMax = 7,
    };

    /// <summary>Celery's crontab (celery/schedules.py, crontab_parser): five fields, all of which must match.</summary>
    internal static readonly CronRules Celery = new()
    {
        HasLongNames = true,
        WrapsRanges = true,
        SundayMax = 6,
    };

    /// <summary>A sixth field, seconds, may come first.</summary>
    internal bool HasSeconds { get; private init; }

    /// <summary>@daily and its like.</summary>
    internal bool HasMacros { get; private init; }

    /// <summary>L, W, # and ? in the day fields.</summary>
    internal bool HasSpecialDays { get; private init; }

    /// <summary>5/10 is 5 to the end by tens.</summary>
    internal bool HasOpenStep { get; private init; }

    /// <summary>Full names beside the three letters.</summary>
    internal bool HasLongNames { get; private init; }

    /// <summary>22-2 is 22, 23, 0, 1, 2.</summary>
    internal bool WrapsRanges { get; private init; }

    /// <summary>With both day fields restricted, a day that fits one of them is enough.</summary>
    internal bool EitherDay { get; private init; }

    /// <summary>The largest number of a weekday: 7 where it is another Sunday.</summary>
    internal int SundayMax { get; private init; }
}
