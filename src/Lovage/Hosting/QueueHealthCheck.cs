using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lovage;

/// <summary>
/// Degraded while jobs wait in a queue that no live worker serves. It is neither live nor ready: this process can do
/// nothing about it.
/// </summary>
internal sealed class QueueHealthCheck(StorageGate gate) : IHealthCheck
{
    private const int NamesMax = 10;

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            if (await QueueWatch.ServedAsync(gate.Storage, cancellationToken) is not { } served)
            {
                return HealthAnswer.Of(HealthStatus.Healthy, "The storage keeps no list of workers.");
            }

            var unserved = (await gate.Storage.Broker.QueuesAsync(cancellationToken))
                .Where(queue => queue.Ready > 0 && !served.Contains(queue.Queue))
                .ToList();
            return unserved.Count == 0
                ? HealthAnswer.Of(HealthStatus.Healthy, "A live worker serves each queue in which jobs wait.")
                : HealthAnswer.Of(
                    HealthStatus.Degraded,
                    "No live worker serves these queues, in which jobs wait: "
                        + string.Join(", ", unserved.Take(NamesMax).Select(static queue => queue.Queue))
                        + (unserved.Count > NamesMax ? ", ..." : "."),
                    facts: unserved.Take(NamesMax).ToDictionary(
                        static queue => queue.Queue, static queue => (object)queue.Ready, StringComparer.Ordinal));
        }
        catch (StorageException fault)
        {
            return HealthAnswer.Of(
                HealthStatus.Degraded, "The storage cannot say it now.", fault.Message, error: fault);
        }
    }
}
