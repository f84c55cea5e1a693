using Lovage.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Lovage.Spawning;

/// <summary>What tasks of this process leave in the log and in metrics besides their tries.</summary>
/// <remarks>
/// Safe for use by several threads. Never throws: a logger or a listener of the app that fails must cost no task its
/// end and no other its place.
/// </remarks>
internal sealed partial class LocalReport(ILogger logger)
{
    private const int NamesMax = 20;

    private readonly GuardedLogger _logger = new(logger);

    internal static void Accepted(LocalEntry entry) => Depth(entry, 1);

    internal static void Left(LocalEntry entry) => Depth(entry, -1);

    internal static void Refused(TaskKind kind, string reason) => Unfailing.Tell((kind, reason), static refused =>
        LovageTelemetry.LocalDropped.Add(
            1, new("lovage.task.kind", TaskWords.Of(refused.kind)), new("reason", refused.reason)));

    /// <summary>Tasks of a request that has failed.</summary>
    internal void Dropped(IReadOnlyList<LocalEntry> entries, string reason)
    {
        foreach (var entry in entries)
        {
            Refused(entry.Kind, "request_failed");
        }

        if (_logger.IsEnabled(LogLevel.Warning))
        {
            TasksDropped(_logger, entries.Count, reason, Names(entries));
        }
    }

    internal void Draining(int count) => Draining(_logger, count);

    /// <summary>Tasks that did not end within the stop's budget and are asked to.</summary>
    internal void Cancelling(IReadOnlyList<LocalEntry> entries)
    {
        if (_logger.IsEnabled(LogLevel.Warning))
        {
            Cancelling(_logger, entries.Count, Names(entries));
        }
    }

    /// <summary>Tasks that the stop does not wait for any longer.</summary>
    internal void LeftBehind(IReadOnlyList<LocalEntry> entries)
    {
        foreach (var entry in entries)
        {
            Refused(entry.Kind, "shutdown");
        }

        if (_logger.IsEnabled(LogLevel.Error))
        {
            LeftBehind(_logger, entries.Count, Names(entries));
        }
    }

    private static void Depth(LocalEntry entry, int change)
    {
        if (LovageTelemetry.LocalDepth.Enabled)
        {
            Unfailing.Tell(
                (entry, change),
                static told => LovageTelemetry.LocalDepth.Add(told.change, TaskWords.Tag(told.entry.Kind)));
        }
    }

    private static string Names(IReadOnlyList<LocalEntry> entries) =>
        string.Join(", ", entries.CountBy(static entry => entry.Name)
            .Take(NamesMax)
            .Select(static pair => pair.Value == 1 ? pair.Key : $"{pair.Key} ({pair.Value} times)"))
        + (entries.DistinctBy(static entry => entry.Name).Count() > NamesMax ? ", ..." : "");

    [LoggerMessage(4005, LogLevel.Warning, "{Count} tasks after the response were dropped because {Reason}: {Names}")]
    private static partial void TasksDropped(ILogger logger, int count, string reason, string names);

    [LoggerMessage(4006, LogLevel.Information, "Stopping: waiting for {Count} tasks of this process")]
    private static partial void Draining(ILogger logger, int count);

    [LoggerMessage(
        4007,
        LogLevel.Error,
        "Leaving without {Count} tasks of this process that did not end in time; they are lost: {Names}")]
    private static partial void LeftBehind(ILogger logger, int count, string names);

    [LoggerMessage(
        4009,
        LogLevel.Warning,
        "Stopping: {Count} tasks of this process do not end in time and are cancelled: {Names}")]
    private static partial void Cancelling(ILogger logger, int count, string names);
}
