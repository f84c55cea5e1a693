using System.Globalization;
using Lovage.Redis.Keys;
using Lovage.Storage;
using Lovage.Storage.Plans;
using StackExchange.Redis;

namespace Lovage.Redis.Reading;

/// <summary>Failed attempts of one cause, from the fields that <c>settle.lua</c> writes.</summary>
internal static class FailureText
{
    /// <summary>The group; null when there is none of this cause.</summary>
    internal static FailureGroup? Read(string cause, HashEntry[] fields, DateTimeOffset now)
    {
        var of = fields.ToDictionary(static f => f.Name.ToString(), static f => f.Value, StringComparer.Ordinal);
        if (!of.TryGetValue("name", out var name))
        {
            return null;
        }

        var steps = of.Where(static f => f.Key.Length > 1 && f.Key[0] == 's' && char.IsAsciiDigit(f.Key[1]))
            .Select(static f => (long.Parse(f.Key.AsSpan(1), CultureInfo.InvariantCulture), (long)f.Value));
        var windows = FailureWindows.Of(steps, StorageTime.From(now));
        return new FailureGroup
        {
            Fingerprint = cause,
            Name = name.ToString(),
            Error = AttemptColumns.ToError(((ReadOnlyMemory<byte>)of["error"]).Span)!,
            Sample = JobId.Parse(of["sample"].ToString()),
            FirstAt = RedisTime.To(of["first"]),
            LastAt = RedisTime.To(of["last"]),
            LastHour = windows.LastHour,
            LastDay = windows.LastDay,
            LastWeek = windows.LastWeek,
            Hours = windows.Hours,
        };
    }
}
