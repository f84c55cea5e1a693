using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>
/// The looks of one owner whose reply was lost. The server may hold claims of them that the worker does not know of;
/// the owner's next look releases them first, by their numbers.
/// </summary>
/// <remarks>
/// A worker opens a new receiver after a fault, so that an owner's receivers share this. Safe for use by several
/// threads. A claim that the server writes after that release comes back when its lease ends.
/// </remarks>
internal sealed class LostLooks(LostClaimStatements claims)
{
    private readonly Lock _lock = new();
    private readonly HashSet<long> _looks = [];

    internal void Add(long look)
    {
        lock (_lock)
        {
            _looks.Add(look);
        }
    }

    /// <summary>Releases the claims of all lost looks; asks nothing of the server when there is none.</summary>
    /// <returns>What became of the claims; null when there was nothing to release.</returns>
    internal async Task<EndedClaims?> ReleaseAsync(NpgsqlConnection connection, int owner, long? now)
    {
        long[] looks;
        lock (_lock)
        {
            looks = [.. _looks];
        }

        if (looks.Length == 0)
        {
            return null;
        }

        var ended = await claims.ReleaseLooksAsync(connection, owner, looks, now);
        lock (_lock)
        {
            _looks.ExceptWith(looks);
        }

        return ended;
    }
}
