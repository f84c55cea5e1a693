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
            return HealthCheckResult.Healthy(
                storage.Description,
                new Dictionary<string, object> { ["seconds"] = time.GetElapsedTime(start).TotalSeconds });
        }
        catch (StorageException fault)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, fault.Message, fault);
        }
    }
}
