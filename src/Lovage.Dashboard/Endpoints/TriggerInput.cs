using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Reads the trigger that a person typed: a cron expression, or seconds.</summary>
internal static class TriggerInput
{
    /// <exception cref="TriggerException">It is not valid.</exception>
    /// <exception cref="ApiException">Neither or both are there.</exception>
    internal static Trigger Read(TriggerBody body) => Read(body.Cron, body.EverySeconds, body.TimeZone);

    /// <inheritdoc cref="Read(TriggerBody)"/>
    internal static Trigger Read(string? cron, double? seconds, string? zone) => (cron, seconds) switch
    {
        ({ Length: > 0 }, null) => Cron.Parse(cron, string.IsNullOrEmpty(zone) ? "UTC" : zone),
        (null or "", >= 1 and <= 3_000_000_000) => Every.Period(
            TimeSpan.FromMilliseconds(Math.Round(seconds.Value * 1_000))),
        (null or "", { }) => throw ApiCall.Bad("A period is 1 second or more.", "every_seconds"),
        _ => throw ApiCall.Bad("Write either 'cron' or 'every_seconds'.", "cron"),
    };
}
