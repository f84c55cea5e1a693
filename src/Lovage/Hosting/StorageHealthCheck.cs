using Lovage.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Lovage;

/// <summary>
/// Healthy while the storage answers; degraded while other programs keep this process from writing to it for as long as
/// a renewal of leases may wait.
/// </summary>
internal sealed class StorageHealthCheck(
    JobStorage storage, StorageGate gate, IOptions<LovageOptions> options, TimeProvider time) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var start = time.GetTimestamp();
        try
        {
            await gate.Storage.PingAsync(cancellationToken);
            var facts = new Dictionary<string, object> { ["seconds"] = time.GetElapsedTime(start).TotalSeconds };
            var blocked = gate.BlockedFor;
            if (blocked < options.Value.Worker.Lease / 3)
            {
                return HealthAnswer.Of(HealthStatus.Healthy, "The storage answers.", storage.Description, facts);
            }

            facts["blocked_seconds"] = blocked.TotalSeconds;
            var reason = $"For {blocked.TotalSeconds:0.0} s a transaction of another program or connection has kept "
                + "Lovage from writing. Leases run out when that goes on: keep write transactions short.";
            return HealthAnswer.Of(HealthStatus.Degraded, reason, $"{storage.Description}: {reason}", facts);
        }
        catch (StorageException fault)
        {
            var why = fault.IsTransient
                ? "The storage does not answer. The app tries again; its log says why."
                : "The storage cannot be used. The app's log says why.";
            return HealthAnswer.Of(context.Registration.FailureStatus, why, fault.Message, error: fault);
        }
    }
}
