using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Lovage.Scheduling;

/// <summary>Reads a trigger from JSON. It refuses every other JSON, with the path of the fault.</summary>
internal static class TriggerReader
{
    private const int LengthMax = 16_384;
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16, AllowDuplicateProperties = false };
    private static readonly string[] Kinds =
    [
        TriggerNames.Cron,
        TriggerNames.Every,
        TriggerNames.At,
        TriggerNames.Calendar,
        TriggerNames.Any,
        TriggerNames.All,
    ];
    private static readonly string[] TimeForms = ["HH:mm", "HH:mm:ss"];

    internal static Trigger Read(string json)
    {
        if (json.Length > LengthMax)
        {
            throw new TriggerException(
                $"A trigger's JSON is at most {LengthMax:N0} characters; this has {json.Length:N0}.");
        }

        using var document = Parse(json);
        return Read(document.RootElement, "$", depth: 1);
    }

    internal static Trigger Read(JsonElement json, string path, int depth)
    {
        if (depth > TriggerParts.DepthMax)
        {
            throw new TriggerException($"{path}: triggers are nested at most {TriggerParts.DepthMax} deep.", path);
        }

        var fields = new TriggerObject(json, path);
        var trigger = ReadKind(fields, depth);
        if (fields.TakeInstant(TriggerNames.Start) is { } start)
        {
            trigger = trigger with { Start = start };
        }

        if (fields.TakeInstant(TriggerNames.End) is { } end)
        {
            trigger = trigger with { End = end };
        }

        fields.RequireAllTaken();
        return trigger.End <= trigger.Start
            ? throw new TriggerException(
                $"{path}: it ends ({Instants.Format(trigger.End!.Value)}) before it starts "
                    + $"({Instants.Format(trigger.Start!.Value)}).",
                path)
            : trigger;
    }

    private static JsonDocument Parse(string json)
    {
        try
        {
            return JsonDocument.Parse(json, Options);
        }
        catch (JsonException cause)
        {
            throw new TriggerException(
                $"A trigger's JSON cannot be read (line {cause.LineNumber + 1}, byte {cause.BytePositionInLine + 1}): "
                    + "it is not JSON, has a property twice or is nested too deep.",
                cause: cause);
        }
        catch (Exception cause) when (cause is ArgumentException or InvalidOperationException)
        {
            throw new TriggerException("A trigger's JSON cannot be read: it holds a lone surrogate.", cause: cause);
        }
    }

    private static Trigger ReadKind(TriggerObject fields, int depth)
    {
        var kinds = Kinds.Where(fields.Has).ToArray();
        if (kinds.Length != 1)
        {
            throw new TriggerException(
                $"{fields.Path}: "
                    + (kinds.Length == 0
                        ? $"no kind of trigger that is known here ({fields.Names})"
                        : $"several kinds of trigger, {string.Join(" and ", kinds)}")
                    + $"; exactly one of {string.Join(", ", Kinds)} is expected.",
                fields.Path);
        }

        var place = $"{fields.Path}.{kinds[0]}";
        try
        {
            return kinds[0] switch
            {
                TriggerNames.Cron => new CronTrigger(
                    fields.TakeText(TriggerNames.Cron)!,
                    fields.TakeText(TriggerNames.Zone) ?? ZoneIds.Utc,
                    TakeDialect(fields)),
                TriggerNames.Every => new IntervalTrigger(TakePeriod(fields), fields.TakeInstant(TriggerNames.Anchor)),
                TriggerNames.At => new DateTrigger(fields.TakeInstant(TriggerNames.At)!.Value),
                TriggerNames.Calendar => TakeCalendar(fields),
                TriggerNames.Any => new AnyTrigger(TakeParts(fields, TriggerNames.Any, depth)),
                _ => new AllTrigger(TakeParts(fields, TriggerNames.All, depth)),
            };
        }
        catch (TriggerException fault) when (fault.Field?.StartsWith('$') != true)
        {
            throw new TriggerException($"{place}: {fault.Message}", place, fault.Position, fault);
        }
    }

    private static CronDialect TakeDialect(TriggerObject fields) => fields.TakeText(TriggerNames.Dialect) switch
    {
        null or TriggerNames.Standard => CronDialect.Standard,
        TriggerNames.Celery => CronDialect.Celery,
        var other => throw fields.Wrong(
            TriggerNames.Dialect,
            $"'{JobNames.Shown(other)}' is no dialect; {TriggerNames.Standard} and {TriggerNames.Celery} are."),
    };

    private static TimeSpan TakePeriod(TriggerObject fields)
    {
        var text = fields.TakeText(TriggerNames.Every);

        // By that format a bare 5 would be five days.
        return text!.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var period)
            ? period
            : throw fields.Wrong(
                TriggerNames.Every,
                $"'{JobNames.Shown(text)}' is no period; write [days.]hours:minutes:seconds, as 00:05:00.");
    }

    private static CalendarIntervalTrigger TakeCalendar(TriggerObject fields)
    {
        var period = fields.TakeObject(TriggerNames.Calendar);
        var (years, months, weeks, days) = (
            period.TakeInteger(TriggerNames.Years),
            period.TakeInteger(TriggerNames.Months),
            period.TakeInteger(TriggerNames.Weeks),
            period.TakeInteger(TriggerNames.Days));
        period.RequireAllTaken();
        return new CalendarIntervalTrigger(
            new CalendarPeriod(years ?? 0, months ?? 0, weeks ?? 0, days ?? 0),
            fields.TakeInteger(TriggerNames.Day),
            TakeTime(fields),
            fields.TakeText(TriggerNames.Zone) ?? ZoneIds.Utc,
            TakeDate(fields));
    }

    private static TimeOnly TakeTime(TriggerObject fields) => fields.TakeText(TriggerNames.Time) switch
    {
        null => TimeOnly.MinValue,
        var text when TimeOnly.TryParseExact(
            text, TimeForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) => time,
        var text => throw fields.Wrong(
            TriggerNames.Time, $"'{JobNames.Shown(text)}' is no time of the day; write 08:00 or 08:00:30."),
    };

    private static DateOnly? TakeDate(TriggerObject fields) => fields.TakeText(TriggerNames.Anchor) switch
    {
        null => null,
        var text when DateOnly.TryParseExact(
            text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) => date,
        var text => throw fields.Wrong(TriggerNames.Anchor, $"'{JobNames.Shown(text)}' is no date; write 2026-01-31."),
    };

    private static ImmutableArray<Trigger> TakeParts(TriggerObject fields, string name, int depth)
    {
        var array = fields.TakeArray(name);
        if (array.GetArrayLength() is < 1 or > TriggerParts.PartsMax)
        {
            throw fields.Wrong(
                name, $"{array.GetArrayLength()} triggers are not possible; 1 to {TriggerParts.PartsMax} are.");
        }

        return [.. array.EnumerateArray().Select((part, i) => Read(part, $"{fields.Path}.{name}[{i}]", depth + 1))];
    }
}
