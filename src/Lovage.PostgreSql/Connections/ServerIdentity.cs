using System.Collections.Concurrent;
using Lovage.PostgreSql.Commands;
using Npgsql;

namespace Lovage.PostgreSql.Connections;

/// <summary>
/// Tells whether a caller's connection leads to the storage's own database, whatever names lead to both: the server is
/// known by the instant at which it started, the database and the tables by their numbers.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class ServerIdentity(Database database)
{
    /// <summary>Addresses that this process remembers; an app has one or two.</summary>
    private const int KnownMax = 100;

    // $1: the schema. Comes back: a text that tells the tables from all others.
    private const string Ask = """
        SELECT pg_catalog.concat_ws('/', extract(epoch FROM pg_catalog.pg_postmaster_start_time()), d.oid,
          (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = 'message'))
        FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
        """;

    private readonly ConcurrentDictionary<(string? Host, int Port, string? Database), bool> _known = [];
    private string? _own;

    /// <summary>Asks the storage's own database.</summary>
    internal async Task LearnAsync() =>
        Volatile.Write(ref _own, await database.CallAsync(AskAsync, CancellationToken.None));

    /// <summary>Asks once for each address.</summary>
    /// <exception cref="ArgumentException">It is another database.</exception>
    internal async Task CheckAsync(NpgsqlConnection connection, string parameter)
    {
        var address = (connection.Host, connection.Port, connection.Database);
        if (_known.ContainsKey(address))
        {
            return;
        }

        var theirs = await AskAsync(connection);
        if (theirs != Volatile.Read(ref _own))
        {
            // The server may have been started again since.
            await LearnAsync();
            if (theirs != Volatile.Read(ref _own))
            {
                throw new ArgumentException(
                    "The transaction is one of another database "
                    + $"({connection.Host}:{connection.Port}/{connection.Database}) than the storage's, "
                    + $"{database.Description}. "
                    + "Connect both to the same one, or enqueue without the transaction, after its commit. Nothing "
                    + "was written.",
                    parameter);
            }
        }

        if (_known.Count < KnownMax)
        {
            _known[address] = true;
        }
    }

    private async Task<string?> AskAsync(NpgsqlConnection connection) =>
        await connection.ScalarAsync<string>(new Statement(Ask).Add(database.Schema.Name), CancellationToken.None);
}
