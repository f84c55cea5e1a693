namespace Lovage.Scheduling;

/// <summary>The words of the JSON form. Stored: never rename.</summary>
internal static class TriggerNames
{
    internal const string Cron = "cron";
    internal const string Every = "every";
    internal const string At = "at";
    internal const string Calendar = "calendar";
    internal const string Any = "any";
    internal const string All = "all";

    internal const string Zone = "zone";
    internal const string Dialect = "dialect";
    internal const string Standard = "standard";
    internal const string Celery = "celery";
    internal const string Anchor = "anchor";
    internal const string Years = "years";
    internal const string Months = "months";
    internal const string Weeks = "weeks";
    internal const string Days = "days";
    internal const string Day = "day";
    internal const string Time = "time";
    internal const string Start = "start";
    internal const string End = "end";
}
