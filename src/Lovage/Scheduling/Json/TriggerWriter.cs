using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Lovage.Scheduling;

/// <summary>
/// Writes the canonical JSON form of a trigger: fixed order, no space, no property with its default value.
/// </summary>
internal static class TriggerWriter
{
    // Not for HTML: names and expressions stay readable.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static string Write(Trigger trigger)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options))
        {
            Write(trigger, writer);
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    internal static void Write(Trigger trigger, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        switch (trigger)
        {
            case CronTrigger cron:
                writer.WriteString(TriggerNames.Cron, cron.Expression);
                WriteZone(writer, cron.TimeZone);
                if (cron.Dialect == CronDialect.Celery)
                {
                    writer.WriteString(TriggerNames.Dialect, TriggerNames.Celery);
                }

                break;
            case IntervalTrigger interval:
                writer.WriteString(TriggerNames.Every, interval.Period.ToString("c", CultureInfo.InvariantCulture));
                WriteInstant(writer, TriggerNames.Anchor, interval.Anchor);
                break;
            case DateTrigger date:
                WriteInstant(writer, TriggerNames.At, date.At);
                break;
            case CalendarIntervalTrigger calendar:
                WriteCalendar(writer, calendar);
                break;
            case AnyTrigger any:
                WriteParts(writer, TriggerNames.Any, any.Parts);
                break;
            case AllTrigger all:
                WriteParts(writer, TriggerNames.All, all.Parts);
                break;
        }

        WriteInstant(writer, TriggerNames.Start, trigger.Start);
        WriteInstant(writer, TriggerNames.End, trigger.End);
        writer.WriteEndObject();
    }

    private static void WriteCalendar(Utf8JsonWriter writer, CalendarIntervalTrigger trigger)
    {
        writer.WriteStartObject(TriggerNames.Calendar);
        WriteCount(writer, TriggerNames.Years, trigger.Years);
        WriteCount(writer, TriggerNames.Months, trigger.Months);
        WriteCount(writer, TriggerNames.Weeks, trigger.Weeks);
        WriteCount(writer, TriggerNames.Days, trigger.Days);
        writer.WriteEndObject();
        if (trigger.Day is { } day)
        {
            writer.WriteNumber(TriggerNames.Day, day);
        }

        if (trigger.Time != TimeOnly.MinValue)
        {
            writer.WriteString(
                TriggerNames.Time,
                trigger.Time.ToString(trigger.Time.Second == 0 ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture));
        }

        WriteZone(writer, trigger.TimeZone);
        if (trigger.Anchor != CalendarIntervalTrigger.DefaultAnchor)
        {
            writer.WriteString(
                TriggerNames.Anchor, trigger.Anchor.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        }
    }

    private static void WriteParts(Utf8JsonWriter writer, string name, IEnumerable<Trigger> parts)
    {
        writer.WriteStartArray(name);
        foreach (var part in parts)
        {
            Write(part, writer);
        }

        writer.WriteEndArray();
    }

    private static void WriteCount(Utf8JsonWriter writer, string name, int count)
    {
        if (count > 0)
        {
            writer.WriteNumber(name, count);
        }
    }

    private static void WriteZone(Utf8JsonWriter writer, string zone)
    {
        if (zone != ZoneIds.Utc)
        {
            writer.WriteString(TriggerNames.Zone, zone);
        }
    }

    private static void WriteInstant(Utf8JsonWriter writer, string name, DateTimeOffset? instant)
    {
        if (instant is { } value)
        {
            writer.WriteString(name, Instants.Format(value));
        }
    }
}
