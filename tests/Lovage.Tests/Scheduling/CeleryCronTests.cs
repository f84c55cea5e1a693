using System.Globalization;
using System.Text.Json;

namespace Lovage.Tests.Scheduling;

/// <summary>
/// Celery's dialect, compared with next runs that Celery computed (Scheduling/Vectors/crontab_next_runs.json).
/// </summary>
public sealed class CeleryCronTests
{
    private static readonly JsonElement Vectors = Read();

    public static TheoryData<string> Names => [.. Vectors.EnumerateObject().Select(vector => vector.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void NextAfter_CapturedCrontab_IsWhatCeleryComputed(string name)
    {
        var vector = Vectors.GetProperty(name);
        var kwargs = vector.GetProperty("kwargs");
        string Field(string field) => kwargs.TryGetProperty(field, out var value) ? value.GetString()! : "*";
        var expression =
            $"{Field("minute")} {Field("hour")} {Field("day_of_month")} {Field("month_of_year")} "
                + $"{Field("day_of_week")}";
        if (vector.TryGetProperty("error", out _))
        {
            Assert.Throws<TriggerException>(() => Cron.ParseCelery(expression));
            return;
        }

        var trigger = Cron.ParseCelery(expression);
        var instant = vector.GetProperty("start").GetDateTimeOffset();
        foreach (var expected in vector.GetProperty("next").EnumerateArray())
        {
            instant = Assert.NotNull(trigger.NextAfter(instant));
            Assert.Equal(expected.GetDateTimeOffset(), instant);
        }
    }

    [Theory]
    [InlineData("0 0 * * * *", null, "this has 6")]
    [InlineData("@daily", null, "write 0 0 * * *")]
    [InlineData("0 0 L * *", "day of month", "no L")]
    [InlineData("0 0 15W * *", "day of month", "no 'W'")]
    [InlineData("0 0 * * MON#2", "day of week", "no '#'")]
    [InlineData("0 0 * * FRIL", "day of week", "no 'L'")]
    [InlineData("0 0 ? * *", "day of month", "no ?")]
    [InlineData("5/10 * * * *", "minute", "write 5-59/n")]
    [InlineData("0 0 * * 7", "day of week", "write 0")]
    [InlineData("*/90 * * * *", "minute", "larger than the field")]
    [InlineData("0 0 30 2 *", "day of month", "never fire")]
    [InlineData("0 0 1-7 * fri,funday", "day of week", "SUN to SAT")]
    public void Parse_WhatCeleryHasNot_IsRefusedWithWhatToWrite(string expression, string? field, string words)
    {
        var fault = Assert.Throws<TriggerException>(() => Cron.ParseCelery(expression));
        Assert.Equal(field, fault.Field);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0 0 13 * fri", "2026-02-13T00:00:00Z")]
    [InlineData("0 0 */2 * Wednesday", "2026-01-07T00:00:00Z")]
    [InlineData("0 0 1 december-january *", "2026-02-01T00:00:00Z", "2026-12-01T00:00:00Z")]
    [InlineData(
        "0 22-4/2 * * *",
        "2026-01-01T00:00:00Z",
        "2026-01-01T02:00:00Z",
        "2026-01-01T04:00:00Z",
        "2026-01-01T22:00:00Z")]
    [InlineData(
        "0 0 * * sat-mon",
        "2026-01-01T00:00:00Z",
        "2026-01-03T00:00:00Z",
        "2026-01-04T00:00:00Z",
        "2026-01-05T00:00:00Z",
        "2026-01-10T00:00:00Z")]
    public void NextAfter_DialectsOwnForms_AreRead(string expression, params string[] times)
    {
        var instants = times.Select(time => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture)).ToList();
        if (instants.Count == 1)
        {
            instants.Insert(0, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        }

        var trigger = Cron.ParseCelery(expression);
        for (var i = 1; i < instants.Count; i++)
        {
            Assert.Equal(instants[i], trigger.NextAfter(instants[i - 1]));
        }
    }

    private static JsonElement Read()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(
            Path.Combine(AppContext.BaseDirectory, "Scheduling", "Vectors", "crontab_next_runs.json")));
        return document.RootElement.Clone();
    }
}
