using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lovage;

/// <summary>
/// Healthy unless the thread pool starves. It runs on the pool itself: while that starves, a probe that gets no answer
/// in its time means the same.
/// </summary>
internal sealed class StarvationHealthCheck(StarvationWatch watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(watch.Health(context.Registration.FailureStatus));
}
