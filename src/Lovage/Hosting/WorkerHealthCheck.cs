using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lovage;

/// <summary>
/// Healthy while each worker of this process runs and renews its leases. A process without workers is healthy.
/// </summary>
internal sealed class WorkerHealthCheck(WorkerSet workers) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(workers.Health(context.Registration.FailureStatus));
}
