using System.Globalization;
using Lovage.Storage;
using Lovage.Storage.Columns;

namespace Lovage.Redis.Texts;

/// <summary>A line of a schedule's history as one row, and its key: the tick, always as many digits.</summary>
internal static class TickText
{
    internal static string Key(DateTimeOffset tick) =>
        StorageTime.From(tick).ToString("D17", CultureInfo.InvariantCulture);

    internal static string Write(TickRecord line) => TextRow.Write(
        StorageTime.From(line.Tick),
        StorageTime.From(line.Through),
        line.Count,
        (int)line.Status,
        line.JobId?.Value,
        StorageTime.From(line.RecordedAt));

    internal static TickRecord Read(string text)
    {
        using var row = TextRow.Read(text);
        return ScheduleColumns.ReadTick(row);
    }
}
