using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Reading;

/// <summary>Whether a claim is still there, and whether a transaction is about to end it.</summary>
internal sealed class FateReading(SchemaName schema)
{
    // $1: the job's key, $2: the stamp. Comes back while the claim is there: whether it is free.
    // A transaction that has deleted the row keeps this lock from all others. One that renews, starts or reports does
    // not.
    private const string Look = """
        WITH free AS MATERIALIZED (SELECT k.job FROM lovage.claim k
          WHERE k.job = $1 AND k.stamp = $2 FOR KEY SHARE SKIP LOCKED)
        SELECT EXISTS (SELECT 1 FROM free) FROM lovage.claim k WHERE k.job = $1 AND k.stamp = $2
        """;

    /// <returns>Null when the claim is gone: by the commit, or because it was lost.</returns>
    internal async Task<TransactionFate?> LookAsync(
        NpgsqlConnection connection, LeaseToken token, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql(Look)).Add(token.Claim).Add(token.Stamp), cancellationToken);
        return !await rows.ReadAsync(cancellationToken) ? null
            : rows.GetBoolean(0) ? TransactionFate.RolledBack
            : TransactionFate.Open;
    }
}
