using System.Diagnostics.CodeAnalysis;
using Lovage.Diagnostics;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage;

/// <summary>
/// Opens the app's storage. While the storage does not answer, it tries again, 0.1 s to 5 s apart with jitter;
/// meanwhile the gate refuses calls.
/// </summary>
internal sealed partial class StorageOpening(
    JobStorage storage, StorageGate gate, TimeProvider time, Random random, ILoggerFactory loggers)
{
    private static readonly TimeSpan RetryMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(5);

    private readonly ILogger _logger = loggers.Guarded("Lovage.Host");

    private bool _hasFailed;

    internal JobStorage Storage => storage;

    /// <summary>True while the storage is open.</summary>
    internal bool IsOpen => gate.IsOpen;

    /// <summary>Tries once.</summary>
    /// <returns>False when the storage does not answer yet.</returns>
    /// <exception cref="StorageException">It cannot be used as it is.</exception>
    internal async Task<bool> TryOpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await storage.OpenAsync(cancellationToken);
            gate.Open();
            return true;
        }
        catch (StorageException fault) when (fault.IsTransient)
        {
            gate.Shut(fault.Message);
            if (!_hasFailed)
            {
                _hasFailed = true;
                LogNotOpen(_logger, storage.Description, fault.Message);
                LogNotOpenTrace(_logger, fault);
            }

            return false;
        }
    }

    /// <summary>Tries until the storage answers, then goes on; never throws.</summary>
    /// <param name="opened">What follows the opening.</param>
    /// <param name="stopping">Ends the tries.</param>
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "Its task is awaited at the stop alone; what it cannot mend is logged and shown by the health "
            + "check.")]
    internal async Task OpenLaterAsync(Func<Task> opened, CancellationToken stopping)
    {
        var wait = RetryMin;
        try
        {
            do
            {
                await Task.Delay(wait * (0.5 + (random.NextDouble() / 2)), time, stopping);
                wait = wait * 2 < RetryMax ? wait * 2 : RetryMax;
            }
            while (!await TryOpenAsync(stopping));

            await opened();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            LogStoppedUnopened(_logger);
        }
        catch (Exception fault)
        {
            gate.Shut(fault.Message);
            LogNeverOpens(_logger, fault);
        }
    }

    /// <summary>Closes the storage.</summary>
    internal async Task CloseAsync()
    {
        gate.Shut("the app has stopped.");
        await storage.DisposeAsync();
    }

    [LoggerMessage(
        3001,
        LogLevel.Warning,
        "Storage {Storage} does not answer yet: {Reason} The app runs and refuses to enqueue; it tries again to open "
            + "the storage")]
    private static partial void LogNotOpen(ILogger logger, string storage, string reason);

    [LoggerMessage(3032, LogLevel.Debug, "Opening the storage failed")]
    private static partial void LogNotOpenTrace(ILogger logger, Exception fault);

    [LoggerMessage(3002, LogLevel.Error, "The storage cannot be used and is not tried again; the app runs without it")]
    private static partial void LogNeverOpens(ILogger logger, Exception fault);

    [LoggerMessage(3003, LogLevel.Information, "The app stops before its workers were started")]
    private static partial void LogStoppedUnopened(ILogger logger);
}
