namespace Lovage.Bench;

/// <summary>
/// How far PostgreSQL's log (WAL) has grown; of the whole server, so that others who write are counted too.
/// </summary>
internal static class WalMeter
{
    /// <returns>Null for other storages.</returns>
    internal static async Task<long?> BytesAsync(string storage)
    {
        if (!storage.StartsWith("postgres", StringComparison.Ordinal))
        {
            return null;
        }

        await using var connection = await BenchStorage.ConnectAsync(storage);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
