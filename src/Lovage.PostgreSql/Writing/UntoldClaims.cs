using System.Collections.Concurrent;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Claims whose reply was lost on its way: the server holds them for an owner that does not know of them, so that their
/// jobs would wait for the end of the lease. After a look that failed the owner's next one gives them back first.
/// </summary>
/// <remarks>
/// An owner looks once at a time, and stamps grow: what bears a higher one than the last that it was told of is not
/// known to it. A claim that the server writes later still comes back by its lease. Safe for use by several threads.
/// </remarks>
internal sealed class UntoldClaims(SchemaName schema, ClaimStatements claims)
{
    private const string Untold = "SELECT job, stamp FROM lovage.claim WHERE owner = $1 AND stamp > $2";

    private readonly ConcurrentDictionary<string, long> _told = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _doubts = new(StringComparer.Ordinal);

    /// <summary>An owner is told of claims.</summary>
    internal void Tell(string owner, IReadOnlyList<Delivery> deliveries)
    {
        if (deliveries.Count > 0)
        {
            _told[owner] = deliveries.Max(static delivery => delivery.Token.Stamp);
        }
    }

    /// <summary>An owner's look has failed.</summary>
    internal void Doubt(string owner) => _doubts[owner] = true;

    /// <summary>Gives back what an owner was not told of, if there is any doubt.</summary>
    /// <returns>What became of their jobs.</returns>
    internal async Task<List<(JobId Id, JobState State)>> ReleaseAsync(
        NpgsqlConnection connection, string owner, int word, long? now)
    {
        if (!_doubts.ContainsKey(owner))
        {
            return [];
        }

        var tokens = new List<LeaseToken>();
        await using (var rows = await connection.ReadAsync(
            new Statement(schema.Sql(Untold)).Add(word).Add(_told.GetValueOrDefault(owner)), CancellationToken.None))
        {
            while (await rows.ReadAsync())
            {
                tokens.Add(new LeaseToken(rows.GetInt64(0), rows.GetInt64(1)));
            }
        }

        var fates = tokens.Count == 0 ? [] : await claims.ReleaseAsync(connection, tokens, now);
        _doubts.TryRemove(owner, out _);
        return fates;
    }
}
