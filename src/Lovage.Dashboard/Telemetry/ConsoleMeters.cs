using System.Diagnostics;
using System.Diagnostics.Metrics;
using Lovage.Diagnostics;

namespace Lovage.Dashboard.Telemetry;

/// <summary>What the console measures of itself.</summary>
internal static class ConsoleMeters
{
    private static readonly UpDownCounter<long> Streams = LovageTelemetry.Meter.CreateUpDownCounter<long>(
        "lovage.dashboard.streams", "{stream}", "Streams of the console that are open.");

    private static readonly Histogram<double> QueryDuration = LovageTelemetry.Meter.CreateHistogram<double>(
        "lovage.dashboard.query.duration",
        "s",
        "Duration of an answer of the console's API, or of a look at the storage's counters.",
        advice: LovageTelemetry.Short());

    /// <summary>Streams were opened, or closed when the number is negative.</summary>
    internal static void Opened(int streams) => Unfailing.Tell(streams, static told => Streams.Add(told));

    /// <summary>Measures a query. One that its caller gives up is not measured.</summary>
    /// <param name="query">Its name, of a closed set.</param>
    /// <param name="time">Measures.</param>
    /// <param name="run">The query.</param>
    /// <param name="isError">Says which exceptions are errors; others are answers.</param>
    /// <param name="given">The caller's end.</param>
    internal static async ValueTask<T> MeasureAsync<T>(
        string query,
        TimeProvider time,
        Func<ValueTask<T>> run,
        Func<Exception, bool> isError,
        CancellationToken given)
    {
        var start = time.GetTimestamp();
        Exception? error = null;
        try
        {
            return await run();
        }
        catch (Exception fault) when (isError(fault))
        {
            error = fault;
            throw;
        }
        finally
        {
            if (!given.IsCancellationRequested && QueryDuration.Enabled)
            {
                Record(query, time.GetElapsedTime(start).TotalSeconds, error);
            }
        }
    }

    private static void Record(string query, double seconds, Exception? error)
    {
        var tags = new TagList { { "lovage.dashboard.query", query } };
        if (error is not null)
        {
            tags.Add("error.type", error.GetType().FullName);
        }

        Unfailing.Tell((seconds, tags), static told => QueryDuration.Record(told.seconds, told.tags));
    }
}
