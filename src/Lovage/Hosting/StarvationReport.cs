using Lovage.Execution;
using Microsoft.Extensions.Logging;

namespace Lovage;

/// <summary>
/// Logs that the thread pool does not answer, and names the handlers that keep its threads. It logs each level once a
/// minute at the most.
/// </summary>
/// <remarks>For use by one thread.</remarks>
internal sealed partial class StarvationReport(ILogger logger, TimeProvider time)
{
    private const int NamesMax = 10;

    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private long? _warnedTimestamp;
    private long? _failedTimestamp;
    private bool _isRecoveryNews;

    internal void Slow(TimeSpan delay, Func<IEnumerable<RunningHandler>> onPool)
    {
        if (MaySpeak(ref _warnedTimestamp))
        {
            var (blocking, suspects) = Names(onPool());
            PoolIsSlow(logger, delay.TotalSeconds, blocking, suspects);
        }
    }

    internal void Starved(TimeSpan delay, Func<IEnumerable<RunningHandler>> onPool)
    {
        if (MaySpeak(ref _failedTimestamp))
        {
            var (blocking, suspects) = Names(onPool());
            PoolStarves(logger, delay.TotalSeconds, blocking, suspects);
            _isRecoveryNews = true;
        }
    }

    internal void Recovered()
    {
        if (_isRecoveryNews)
        {
            PoolAnswers(logger);
            _isRecoveryNews = false;
        }
    }

    internal void Fault(string loop, Exception error) => LookFailed(logger, error, loop);

    /// <summary>The same in one line, for the health check.</summary>
    internal static string Describe(TimeSpan delay, IEnumerable<RunningHandler> running)
    {
        var (blocking, suspects) = Names(running);
        return $"A work item has been waiting for {delay.TotalSeconds:0.0} s. Holding threads: {blocking}. Running "
            + $"for long after an await: {suspects}.";
    }

    /// <summary>
    /// Names the handlers that certainly keep a thread. Then it names those that may: they run for long, and after
    /// their first await the watch cannot see whether they wait or block.
    /// </summary>
    private static (string Blocking, string Suspects) Names(IEnumerable<RunningHandler> running)
    {
        var all = running.ToList();
        var holding = all.Where(static handler => handler.HoldsThread).ToList();
        var blocking = holding.Where(static handler => handler.Duration > StarvationWatch.Prompt).ToList();

        // None of them runs for long: then their number is the cause.
        return (List(blocking.Count > 0 ? blocking : holding), List(
            all.Where(static handler => !handler.HoldsThread && handler.Duration > StarvationWatch.Prompt)));
    }

    private static string List(IEnumerable<RunningHandler> handlers)
    {
        var groups = handlers.GroupBy(static handler => handler.Name, StringComparer.Ordinal)
            .Select(static group =>
                (Name: group.Key, Count: group.Count(), Longest: group.Max(static handler => handler.Duration)))
            .OrderByDescending(static group => group.Longest * group.Count)
            .ToList();
        var names = string.Join(", ", groups.Take(NamesMax)
            .Select(static group => $"{group.Name} ({group.Count}, for up to {group.Longest.TotalSeconds:0.0} s)"));
        return groups.Count == 0 ? "none known" : groups.Count > NamesMax ? names + ", ..." : names;
    }

    private bool MaySpeak(ref long? spokenTimestamp)
    {
        if (spokenTimestamp is { } spoken && time.GetElapsedTime(spoken) < Quiet)
        {
            return false;
        }

        spokenTimestamp = time.GetTimestamp();
        return true;
    }

    [LoggerMessage(
        3020,
        LogLevel.Warning,
        "The thread pool lets a work item wait for {DelaySeconds:0.0} s, and with it whatever is awaited. Handlers "
            + "that hold its threads: {Blocking}. Handlers that run for long and may block after an await: "
            + "{Suspects}. Mark a job that blocks or computes Execution = JobExecution.DedicatedThread, put such a "
            + "call into TaskSpawner.RunDedicatedAsync, or await instead of blocking")]
    private static partial void PoolIsSlow(ILogger logger, double delaySeconds, string blocking, string suspects);

    [LoggerMessage(
        3021,
        LogLevel.Error,
        "Not ready: the thread pool has let a work item wait for {DelaySeconds:0.0} s, and with it web requests and "
            + "whatever is awaited. Handlers that hold its threads: {Blocking}. Handlers that run for long and may "
            + "block after an await: {Suspects}. Mark a job that blocks or computes Execution = "
            + "JobExecution.DedicatedThread, put such a call into TaskSpawner.RunDedicatedAsync, or await instead of "
            + "blocking")]
    private static partial void PoolStarves(ILogger logger, double delaySeconds, string blocking, string suspects);

    [LoggerMessage(3022, LogLevel.Information, "The thread pool answers again: the app is ready")]
    private static partial void PoolAnswers(ILogger logger);

    [LoggerMessage(3023, LogLevel.Warning, "The {Loop} loop failed and goes on")]
    private static partial void LookFailed(ILogger logger, Exception error, string loop);
}
