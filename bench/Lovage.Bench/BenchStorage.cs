using System.Globalization;
using Npgsql;

namespace Lovage.Bench;

/// <summary>A storage of one run's own: a file or a schema, which the run removes at its end.</summary>
internal sealed class BenchStorage : IAsyncDisposable
{
    private readonly string? _schema;

    private BenchStorage(string address, string? folder = null, string? schema = null)
    {
        Address = address;
        Folder = folder;
        _schema = schema;
    }

    internal string Address { get; }

    /// <summary>Where its file is; null when it has none.</summary>
    internal string? Folder { get; }

    /// <param name="storage">What <c>--storage</c> says, or the whole address of a run.</param>
    internal static BenchStorage Create(string storage)
    {
        if (storage == "memory")
        {
            return new BenchStorage("memory:");
        }

        if (storage == "sqlite")
        {
            var folder = Directory.CreateTempSubdirectory("lovage-bench-").FullName;
            return new BenchStorage($"sqlite:{Path.Combine(folder, "lovage.db")}", folder);
        }

        if (storage.StartsWith("postgres", StringComparison.Ordinal)
            && !storage.Contains("schema=", StringComparison.Ordinal))
        {
            var schema = string.Create(
                CultureInfo.InvariantCulture, $"bench_{Environment.ProcessId}_{Environment.TickCount64}");
            return new BenchStorage(
                $"{storage}{(storage.Contains('?', StringComparison.Ordinal) ? '&' : '?')}schema={schema}",
                schema: schema);
        }

        return new BenchStorage(storage);
    }

    /// <summary>A connection to the database of an address of PostgreSQL.</summary>
    internal static async Task<NpgsqlConnection> ConnectAsync(string address)
    {
        var uri = new Uri(address);
        var user = uri.UserInfo.Split(':');
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.IsDefaultPort || uri.Port < 0 ? 5432 : uri.Port,
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Database = uri.AbsolutePath.Trim('/'),
            Pooling = false,
            MaxAutoPrepare = 20,
            AutoPrepareMinUsages = 2,
        };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>
    /// A transaction that has seen the database as it is now, and ends when the connection is closed.
    /// </summary>
    internal static async Task<NpgsqlConnection> PinAsync(string address)
    {
        var connection = await ConnectAsync(address);
        await using var command = connection.CreateCommand();
        command.CommandText = "BEGIN ISOLATION LEVEL REPEATABLE READ";
        await command.ExecuteNonQueryAsync();
        command.CommandText = "SELECT count(*) FROM pg_class";
        await command.ExecuteScalarAsync();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        if (Folder is not null)
        {
            Directory.Delete(Folder, recursive: true);
        }

        if (_schema is not null)
        {
            await using var connection = await ConnectAsync(Address);
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT set_config('lovage_bench.schema', $1, false)";
            command.Parameters.Add(new NpgsqlParameter { Value = _schema });
            await command.ExecuteNonQueryAsync();
            command.Parameters.Clear();
            command.CommandText =
                "DO $$ BEGIN EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', "
                    + "current_setting('lovage_bench.schema')); END $$";
            await command.ExecuteNonQueryAsync();

            // On a server that has run for a while, the next run finds log files to use again, and no checkpoint falls
            // into it.
            command.CommandText = "CHECKPOINT";
            try
            {
                await command.ExecuteNonQueryAsync();
            }
            catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                // On a server of the caller's own the user may lack the right: the figures vary more, and count.
            }
        }
    }
}
