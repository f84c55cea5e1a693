using Lovage.Sqlite.Life;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite.Operations;

/// <summary>Renews leases, ahead of all other calls.</summary>
internal sealed class RenewOperation(IReadOnlyList<LeaseToken> tokens, TimeSpan lease)
    : WriteOperation<IReadOnlyList<LeaseStatus>>
{
    /// <summary>
    /// ?1 key, ?2 stamp, ?3 end of the lease by the monotonic clock, in units of 100 ns. Comes back, when the claim is
    /// held: whether the job is to be cancelled.
    /// </summary>
    private const string Renew = "UPDATE lovage_claim SET until = ?3 WHERE job = ?1 AND stamp = ?2 RETURNING cancel";

    internal override WriteLine Line => WriteLine.Renewal;

    internal override bool IsDurable => false;

    internal override int Weight => tokens.Count;

    internal override void Run(WriteSession session)
    {
        var renew = session.Statement(Renew);
        var until = StorageTime.Add(session.Monotonic, lease);
        var statuses = new LeaseStatus[tokens.Count];
        for (var i = 0; i < statuses.Length; i++)
        {
            statuses[i] = !renew.Bind(1, tokens[i].Claim).Bind(2, tokens[i].Stamp).Bind(3, until).Read()
                    ? LeaseStatus.Lost
                : renew.Int64(0) != 0 ? LeaseStatus.CancelRequested
                : LeaseStatus.Held;
            renew.Reset();
        }

        Result = statuses;
    }
}
