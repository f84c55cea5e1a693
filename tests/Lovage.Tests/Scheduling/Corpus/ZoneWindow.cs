namespace Lovage.Tests.Scheduling.Corpus;

/// <summary>
/// A stretch of UTC, walked minute by minute (or second by second), with what a clock in the zone shows at each step.
/// The rules of daylight saving are applied as a person would: a shown time that was shown before is a repetition;
/// times that the clock never showed between two steps are skipped, and belong to the later step.
/// </summary>
internal sealed class ZoneWindow
{
    private readonly DateTime[] _shown;
    private readonly bool[] _isRepetition;
    private readonly List<(int Step, DateTime From, DateTime Until)> _gaps = [];

    /// <summary>
    /// Walks from one instant to another; the clock is watched for 30 hours before, so that a repetition is known as
    /// one.
    /// </summary>
    internal ZoneWindow(TimeZoneInfo zone, DateTime from, DateTime until, TimeSpan step)
    {
        From = from;
        Until = until;
        Step = step;
        var count = (int)((until - from) / step);
        _shown = new DateTime[count];
        _isRepetition = new bool[count];
        var seen = new HashSet<DateTime>();
        var lead = (int)(TimeSpan.FromHours(30) / step);
        var previous = TimeZoneInfo.ConvertTimeFromUtc(from - (step * (lead + 1)), zone);
        for (var i = -lead; i < count; i++)
        {
            var shown = TimeZoneInfo.ConvertTimeFromUtc(from + (step * i), zone);
            var isRepetition = !seen.Add(shown);
            if (i >= 0)
            {
                _shown[i] = shown;
                _isRepetition[i] = isRepetition;
                if (shown - previous > step)
                {
                    _gaps.Add((i, previous + step, shown));
                }
            }

            previous = shown;
        }
    }

    internal DateTime From { get; }

    internal DateTime Until { get; }

    internal TimeSpan Step { get; }

    /// <summary>Every instant at which the expression fires.</summary>
    internal List<DateTime> TicksOf(NaiveCron cron)
    {
        var ticks = new List<DateTime>();
        var today = DateOnly.MinValue;
        var firesToday = false;
        var gap = 0;
        for (var i = 0; i < _shown.Length; i++)
        {
            var shown = _shown[i];
            var fires = false;
            if (gap < _gaps.Count && _gaps[gap].Step == i)
            {
                for (var skipped = _gaps[gap].From; skipped < _gaps[gap].Until && !fires; skipped += Step)
                {
                    fires = cron.Matches(skipped);
                }

                gap++;
            }

            if (!fires
                && cron.Minutes[shown.Minute]
                && cron.Hours[shown.Hour]
                && cron.Seconds[shown.Second]
                && (cron.IsInterval || !_isRepetition[i]))
            {
                var date = DateOnly.FromDateTime(shown);
                if (date != today)
                {
                    (today, firesToday) = (date, cron.MatchesDay(date));
                }

                fires = firesToday;
            }

            if (fires)
            {
                ticks.Add(From + (Step * i));
            }
        }

        return ticks;
    }
}
