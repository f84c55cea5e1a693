using Lovage.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lovage;

/// <summary>Healthy while the storage answers.</summary>
internal sealed class StorageHealthCheck(JobStorage storage, StorageGate gate, TimeProvider time) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var start = time.GetTimestamp();
        try
        {
            await gate.Storage.PingAsync(cancellationToken);
            return HealthAnswer.Of(
                HealthStatus.Healthy,
                "The storage answers.",
                storage.Description,
                new Dictionary<string, object> { ["seconds"] = time.GetElapsedTime(start).TotalSeconds });
        }
        catch (StorageException fault)
        {
            var reason = fault.IsTransient
                ? "The storage does not answer. The app tries again; its log says why."
                : "The storage cannot be used. The app's log says why.";
            return HealthAnswer.Of(context.Registration.FailureStatus, reason, fault.Message, error: fault);
        }
    }
}
