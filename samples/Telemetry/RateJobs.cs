using Lovage;
using Microsoft.Extensions.Logging;

namespace TelemetrySample;

/// <summary>The sample's one job.</summary>
public sealed class RateJobs(ILogger<RateJobs> log)
{
    private static readonly Action<ILogger, string, Exception?> LogRefreshed = LoggerMessage.Define<string>(
        LogLevel.Information, new EventId(1), "Refreshed the rates of {Currency}");

    /// <summary>Pretends to fetch rates.</summary>
    /// <param name="currency">Of which currency.</param>
    /// <param name="cancellationToken">Gives up.</param>
    [Job("rates.refresh")]
    public async Task RefreshAsync(string currency, CancellationToken cancellationToken)
    {
        await Task.Delay(100, cancellationToken);
        LogRefreshed(log, currency, null);
    }
}
