using Lovage.Scheduling;

namespace Lovage;

/// <summary>Fires at the times of a cron expression in a time zone.</summary>
/// <remarks>
/// When the clock goes forward, the times that it skips fire once, together, at the first instant after the gap. When
/// it goes back, an expression of fixed times fires only at the first of two equal times. An expression whose second,
/// minute or hour holds a star, a range or a step fires at both, in its rhythm. Immutable, safe for use by several
/// threads.
/// </remarks>
public sealed record CronTrigger : Trigger
{
    private readonly CronPattern _pattern;
    private readonly ZoneTimeline _timeline;

    /// <summary>Parses an expression.</summary>
    /// <param name="expression">Five fields (minute, hour, day of month, month, day of week), or six with seconds
    /// first, or a macro as <c>@daily</c>: at most 256 characters.</param>
    /// <param name="timeZone">The IANA id of the zone whose clock it reads, as <c>Europe/Berlin</c>; UTC by
    /// default.</param>
    /// <param name="dialect">Whose rules; the standard ones by default.</param>
    /// <exception cref="TriggerException">The expression is not valid or never fires, or the zone is not known; field
    /// and position say where.</exception>
    public CronTrigger(string expression, string timeZone = ZoneIds.Utc, CronDialect dialect = CronDialect.Standard)
    {
        ArgumentNullException.ThrowIfNull(expression);
        var rules = dialect switch
        {
            CronDialect.Standard => CronRules.Standard,
            CronDialect.Celery => CronRules.Celery,
            _ => throw new ArgumentOutOfRangeException(nameof(dialect), dialect, "Standard or Celery is expected."),
        };
        var fields = CronParser.Parse(expression, rules, out var error)
            ?? throw TriggerException.Of(expression, error!);
        var zone = ZoneIds.Find(timeZone);
        _pattern = new CronPattern(fields);
        _timeline = ZoneTimelines.Of(zone);
        Expression = string.Join(' ', expression.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
        TimeZone = zone.Id;
        Dialect = dialect;
    }

    /// <summary>The expression as it was written, with single spaces.</summary>
    public string Expression { get; }

    /// <summary>The IANA id of the zone.</summary>
    public string TimeZone { get; }

    /// <summary>Whose rules the expression follows.</summary>
    public CronDialect Dialect { get; }

    internal CronFields Fields => _pattern.Fields;

    /// <summary>True when the other one has the same text, zone, dialect and bounds.</summary>
    /// <param name="other">The other one.</param>
    public bool Equals(CronTrigger? other) =>
        base.Equals(other) && Expression == other.Expression && TimeZone == other.TimeZone && Dialect == other.Dialect;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Expression, TimeZone, Dialect);

    private protected override long? NextCore(long instant, ref int steps) =>
        _timeline.NextAfterTicks(instant, _pattern);
}
