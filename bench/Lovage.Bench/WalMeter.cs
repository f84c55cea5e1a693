namespace Lovage.Bench;

/// <summary>
/// Reads how far PostgreSQL's log (WAL) has grown. It counts the whole server, other programs included.
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
