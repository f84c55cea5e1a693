using Lovage.Diagnostics;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Execution;

/// <summary>What a process says in the log of the bulk operations that it carries out.</summary>
/// <param name="logger">Where it is said.</param>
/// <param name="outage">Tells the faults of the storage once; null to tell each.</param>
internal sealed partial class OperationReport(GuardedLogger logger, StorageOutage? outage)
{
    internal void Taken(BulkOperation operation)
    {
        if (operation.Next is null)
        {
            Started(
                logger,
                operation.Id,
                operation.Action,
                Shown(operation.By),
                operation.Expected.Value,
                operation.Spread);
        }
        else
        {
            GoesOn(logger, operation.Id, operation.Action, operation.Done, operation.Skipped);
        }
    }

    internal void Ended(BulkOperation operation)
    {
        if (operation.State == BulkState.Failed)
        {
            Failed(logger, operation.Id, operation.Action, operation.Done, operation.Error);
        }
        else
        {
            Ended(logger, operation.Id, operation.Action, operation.State, operation.Done, operation.Skipped);
        }
    }

    internal void Lost(BulkOperation operation) => Lost(logger, operation.Id);

    internal void LoopFault(Exception error)
    {
        var level = outage?.LevelOf(error) ?? LogLevel.Warning;
        LoopFault(logger, level, error);
    }

    private static string Shown(string by) => by.Length == 0 ? "-" : JobNames.Shown(by);

    [LoggerMessage(
        6001,
        LogLevel.Information,
        "Operation {Operation} begins: {Action}, asked for by {By}, about {Expected} jobs, spread over {Spread}")]
    private static partial void Started(
        ILogger logger, string operation, BulkAction action, string by, long expected, TimeSpan spread);

    [LoggerMessage(
        6002,
        LogLevel.Information,
        "Operation {Operation} goes on in this process: {Action}, {Done} jobs done, {Skipped} left alone so far")]
    private static partial void GoesOn(ILogger logger, string operation, BulkAction action, long done, long skipped);

    [LoggerMessage(
        6003,
        LogLevel.Information,
        "Operation {Operation} has ended: {Action}, {State}, {Done} jobs done, {Skipped} left alone")]
    private static partial void Ended(
        ILogger logger, string operation, BulkAction action, BulkState state, long done, long skipped);

    [LoggerMessage(
        6004,
        LogLevel.Error,
        "Operation {Operation} has failed: {Action}, {Done} jobs done. {Reason} Mend the cause, and start the "
            + "operation again for the jobs that are left")]
    private static partial void Failed(
        ILogger logger, string operation, BulkAction action, long done, string? reason);

    [LoggerMessage(
        6005,
        LogLevel.Warning,
        "Operation {Operation} has passed to another process: this one had not reported for the time of a lease")]
    private static partial void Lost(ILogger logger, string operation);

    [LoggerMessage(EventId = 6006, Message = "The loop of bulk operations failed and goes on")]
    private static partial void LoopFault(ILogger logger, LogLevel level, Exception error);
}
