using System.Globalization;

namespace Lovage.Dashboard.Views;

/// <summary>Spans of time and numbers in words.</summary>
internal static class Durations
{
    /// <summary>As <c>1.2 s</c>, <c>14 min</c>, <c>2 h 5 min</c> or <c>3 d</c>.</summary>
    internal static string Of(TimeSpan span) => span switch
    {
        { TotalSeconds: < 10 } => Text($"{Math.Max(0, span.TotalSeconds):0.#} s"),
        { TotalSeconds: < 59.5 } => Text($"{span.TotalSeconds:0} s"),
        { TotalMinutes: < 60 } => Text($"{Math.Max(1, (int)span.TotalMinutes)} min"),
        { TotalHours: < 48 } when span.Minutes > 0 => Text($"{(int)span.TotalHours} h {span.Minutes} min"),
        { TotalHours: < 48 } => Text($"{(int)span.TotalHours} h"),
        _ => Text($"{(int)span.TotalDays} d"),
    };

    /// <summary>As <c>1 job</c> or <c>2,000 jobs</c>.</summary>
    internal static string Count(long count, string one, string many) =>
        Text($"{count:N0} {(count == 1 ? one : many)}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
