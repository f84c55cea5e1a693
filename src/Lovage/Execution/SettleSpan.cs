using System.Diagnostics;
using Lovage.Diagnostics;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>The span around one write of a worker's outcomes, which the app's options ask for.</summary>
internal static class SettleSpan
{
    /// <summary>Links of a span at the most; OpenTelemetry's libraries drop further ones.</summary>
    private const int LinksMax = 128;

    /// <summary>Writes outcomes, within a span where that is wanted.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="runs">The attempts.</param>
    /// <param name="outcomes">Their outcomes.</param>
    /// <param name="stopped">Gives up waiting.</param>
    internal static ValueTask<IReadOnlyList<SettleResult>> SettleAsync(
        WorkerContext worker,
        IReadOnlyList<DeliveredRun> runs,
        IReadOnlyList<Settlement> outcomes,
        CancellationToken stopped) =>
        worker.Services.Telemetry.SettleSpans && LovageTelemetry.Source.HasListeners()
            ? TracedAsync(worker, runs, outcomes, stopped)
            : worker.Storage.Store.SettleAsync(outcomes, stopped);

    private static async ValueTask<IReadOnlyList<SettleResult>> TracedAsync(
        WorkerContext worker,
        IReadOnlyList<DeliveredRun> runs,
        IReadOnlyList<Settlement> outcomes,
        CancellationToken stopped)
    {
        var queue = runs[0].Message.Queue;
        var isOne = runs.All(run => run.Message.Queue == queue);
        using var span = worker.Storage.Broker.Meter.StartSettle(isOne ? queue : null, runs.Count, worker.Owner.Key);
        if (span.Activity is { IsAllDataRequested: true } activity)
        {
            foreach (var attempt in runs.Select(static run => run.Activity).OfType<Activity>().Take(LinksMax))
            {
                activity.AddLink(new ActivityLink(attempt.Context));
            }
        }

        try
        {
            return await worker.Storage.Store.SettleAsync(outcomes, stopped);
        }
        catch (Exception fault) when (Note(span.Activity, fault))
        {
            throw;
        }
    }

    private static bool Note(Activity? activity, Exception fault)
    {
        activity?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", fault.GetType().FullName);
        return true;
    }
}
