using Lovage.Dashboard.Sampling;
using Lovage.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Lovage.Dashboard.Routes;

/// <summary>Writes what a person is about to do, into the storage and into the log, before it is done.</summary>
internal sealed partial class AuditTrail(ConsoleServices console, string source)
{
    private readonly GuardedLogger _logger = console.Loggers.Guarded("Lovage.Dashboard.Audit");

    /// <summary>Writes the record.</summary>
    /// <exception cref="StorageException">The storage cannot take it; the change must not be made.</exception>
    internal async Task WriteAsync(ApiCall call, string action, PlannedChange change)
    {
        var record = new AuditRecord
        {
            By = call.User ?? "",
            Action = action,
            Target = change.Target,
            Before = change.Before,
            After = change.After,
            Reason = string.IsNullOrWhiteSpace(change.Reason) ? null : change.Reason,
            Source = source,
            Address = call.Context.Connection.RemoteIpAddress?.ToString(),
        };
        if (console.Jobs.DescribeStorage().HasAudit)
        {
            await console.Jobs.RecordAsync(record, call.Aborted);
        }

        if (_logger.IsEnabled(LogLevel.Information))
        {
            LogChange(
                _logger,
                JobNames.Shown(record.By.Length == 0 ? "(unknown)" : record.By),
                record.Action,
                JobNames.Shown(record.Target, 200),
                JobNames.Shown(record.Reason ?? "", 200),
                record.Address ?? "");
        }
    }

    [LoggerMessage(
        3110, LogLevel.Information, "{Who} does {Action} to {Target} from {Address}. Reason: {Reason}")]
    private static partial void LogChange(
        ILogger logger, string who, string action, string target, string reason, string address);
}
