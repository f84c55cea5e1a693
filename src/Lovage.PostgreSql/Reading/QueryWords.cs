using Lovage.PostgreSql.Schema;
using Lovage.PostgreSql.Writing;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>What a query asks for, as numbers.</summary>
/// <param name="Name">The number of the name; null for any.</param>
/// <param name="Queue">The number of the queue; null for any.</param>
/// <param name="Worker">The number of the worker; null for any.</param>
/// <param name="Fingerprint">The fingerprint as a number; null for any.</param>
internal readonly record struct FilterWords(int? Name, int? Queue, int? Worker, long? Fingerprint);

/// <summary>Looks up the numbers of what a query asks for.</summary>
internal sealed class QueryWords(Words words)
{
    /// <returns>Null when no job can match: one of the words has never been seen.</returns>
    internal async Task<FilterWords?> OfAsync(
        NpgsqlConnection connection, JobQuery query, CancellationToken cancellationToken)
    {
        long? fingerprint = null;
        if (query.Fingerprint is { } text && (fingerprint = Faults.Number(text)) is null)
        {
            return null;
        }

        string[] asked = [.. new[] { query.Name, query.Queue, query.Worker }.OfType<string>()];
        var ids = await words.FindAsync(connection, asked, cancellationToken);
        return asked.All(ids.ContainsKey)
            ? new FilterWords(Number(query.Name), Number(query.Queue), Number(query.Worker), fingerprint)
            : null;

        int? Number(string? word) => word is null ? null : ids[word];
    }
}
