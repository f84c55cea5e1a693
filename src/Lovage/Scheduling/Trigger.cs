using System.Collections.Immutable;
using System.Text.Json;
using Lovage.Scheduling;

namespace Lovage;

/// <summary>
/// When a schedule fires: an endless or ending row of instants, its ticks. One of <see cref="CronTrigger"/>,
/// <see cref="IntervalTrigger"/>, <see cref="DateTrigger"/>, <see cref="CalendarIntervalTrigger"/>,
/// <see cref="AnyTrigger"/>, <see cref="AllTrigger"/>. <see cref="Every"/>, <see cref="Cron"/>, <see cref="Once"/>,
/// <see cref="Any"/> and <see cref="All"/> make them.
/// </summary>
/// <remarks>
/// Immutable, safe for use by several threads; equal when they say the same. It reads no clock: the same question has
/// the same answer everywhere, as long as the time zone's rules on the machine are the same.
/// </remarks>
/// <example><code>
/// Trigger nightly = Cron.Parse("0 0 * * *", "Asia/Shanghai") with
/// {
///     End = new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero),
/// };
/// DateTimeOffset? next = nightly.NextAfter(timeProvider.GetUtcNow());
/// </code></example>
public abstract record Trigger
{
    /// <summary>
    /// How many triggers one call may ask for their next tick before an <see cref="AllTrigger"/> gives up.
    /// </summary>
    internal const int StepsMax = 10_000;

    private protected Trigger()
    {
    }

    /// <summary>
    /// No tick lies before this instant; the instant itself may be a tick. Null (the default): no bound. Kept to the
    /// millisecond.
    /// </summary>
    public DateTimeOffset? Start
    {
        get;
        init => field = Instants.Canonical(value);
    }

    /// <summary>No tick lies at or after this instant. Null (the default): no bound. Kept to the millisecond.</summary>
    public DateTimeOffset? End
    {
        get;
        init => field = Instants.Canonical(value);
    }

    /// <summary>How many triggers are one below the other, this one included.</summary>
    internal virtual int Depth => 1;

    /// <summary>How many triggers there are in it, itself included.</summary>
    internal virtual int Size => 1;

    /// <summary>The intervals in it, in the order of its parts.</summary>
    internal virtual IEnumerable<IntervalTrigger> Intervals => [];

    /// <summary>Fires when any of the parts does.</summary>
    /// <param name="parts">1 to 16 triggers.</param>
    /// <exception cref="TriggerException">No part, too many, or nested too deep.</exception>
    public static AnyTrigger Any(params ImmutableArray<Trigger> parts) => new(parts);

    /// <summary>Fires at the instants at which all of the parts do.</summary>
    /// <param name="parts">1 to 16 triggers.</param>
    /// <exception cref="TriggerException">No part, too many, or nested too deep.</exception>
    public static AllTrigger All(params ImmutableArray<Trigger> parts) => new(parts);

    /// <summary>
    /// Reads what <see cref="ToJson"/> wrote, or a person in the same form. It refuses unknown kinds and properties,
    /// and text after the object.
    /// </summary>
    /// <param name="json">The JSON text, at most 16,384 characters.</param>
    /// <exception cref="TriggerException">Not JSON, not a trigger, or a trigger that is not valid;
    /// <see cref="TriggerException.Field"/> is the JSON path.</exception>
    public static Trigger FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return TriggerReader.Read(json);
    }

    /// <summary>Reads a trigger that is part of a larger JSON document; as <see cref="FromJson(string)"/>.</summary>
    /// <param name="json">The JSON object.</param>
    /// <exception cref="TriggerException">Not a trigger, or a trigger that is not valid;
    /// <see cref="TriggerException.Field"/> is the JSON path.</exception>
    public static Trigger FromJson(JsonElement json) => TriggerReader.Read(json, "$", depth: 1);

    /// <summary>The first tick strictly after the instant, in UTC; null when there is none any more.</summary>
    /// <param name="instant">Where to begin; the search covers the years 2 to 9998.</param>
    /// <exception cref="InvalidOperationException">An interval in it has no anchor yet: see
    /// <see cref="WithAnchor"/>.</exception>
    public DateTimeOffset? NextAfter(DateTimeOffset instant)
    {
        var steps = StepsMax;
        return NextAfter(instant.UtcTicks, ref steps) is { } tick ? new DateTimeOffset(tick, TimeSpan.Zero) : null;
    }

    /// <summary>
    /// Returns the trigger with this anchor on every interval in it that has none; it leaves other intervals as they
    /// are. The schedule client calls it once, when it registers a schedule, and stores the result.
    /// </summary>
    /// <param name="anchor">The anchor, kept to the millisecond.</param>
    public virtual Trigger WithAnchor(DateTimeOffset anchor) => this;

    /// <summary>
    /// Returns the trigger as it is stored when its schedule is registered again: an interval without an anchor takes
    /// over the anchor that the stored trigger has at its place.
    /// </summary>
    /// <param name="stored">The stored trigger; null when there is none, or this machine cannot read it.</param>
    /// <param name="otherwise">The anchor of an interval that the stored trigger does not have.</param>
    internal Trigger WithAnchorsOf(Trigger? stored, DateTimeOffset otherwise) =>
        WithAnchors(new StoredAnchors(stored, otherwise));

    /// <summary>The trigger with these anchors on its intervals.</summary>
    internal virtual Trigger WithAnchors(StoredAnchors anchors) => this;

    /// <summary>What it does, in plain English, at most 500 characters: "At 00:00 every day (Asia/Shanghai)".</summary>
    public string Describe() => TriggerWords.Describe(this);

    /// <summary>
    /// The canonical JSON form: the same text for equal triggers, read by <see cref="FromJson(string)"/>. Properties
    /// with their default value are left out.
    /// </summary>
    public string ToJson() => TriggerWriter.Write(this);

    /// <summary>Writes the canonical JSON form, an object.</summary>
    /// <param name="writer">Where to.</param>
    public void WriteTo(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        TriggerWriter.Write(this, writer);
    }

    /// <summary>As <see cref="Describe"/>.</summary>
    public sealed override string ToString() => Describe();

    /// <summary>
    /// The first tick after this one within <see cref="Start"/> and <see cref="End"/>, both in ticks of UTC.
    /// </summary>
    internal long? NextAfter(long instant, ref int steps)
    {
        steps--;
        if (Start is { } start && instant < start.UtcTicks)
        {
            instant = start.UtcTicks - 1;
        }

        return NextCore(instant, ref steps) is { } tick && (End is null || tick < End.Value.UtcTicks) ? tick : null;
    }

    /// <summary>The first tick after this one, bounds aside.</summary>
    private protected abstract long? NextCore(long instant, ref int steps);
}
