using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lovage;

/// <summary>
/// Healthy unless the thread pool starves. The check runs on the pool itself: while the pool starves, a probe may time
/// out, which means the same.
/// </summary>
internal sealed class StarvationHealthCheck(StarvationWatch watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(watch.Health(context.Registration.FailureStatus));
}
