using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lovage.PostgreSql.Connections;
using Npgsql;

namespace Lovage.PostgreSql.Schema;

/// <summary>Brings a schema up to date, one process at a time, and refuses one that is not what it says.</summary>
internal sealed class Migration(SchemaName schema, string description)
{
    private const string Steps =
        "CREATE TABLE lovage.migration(version integer PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz "
            + "NOT NULL DEFAULT now())";

    // Not to_regclass: that would remember, to the end of the transaction, that there was none before the wait for the
    // lock.
    private const string Exists =
        "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            + "WHERE n.nspname = $1 AND c.relname = 'migration')";
    private const string Record = "INSERT INTO lovage.migration(version, checksum) VALUES ({0}, '{1}')";

    /// <summary>Looks, and changes what may be changed.</summary>
    /// <param name="connection">Its user needs the right to change tables only where something is changed.</param>
    /// <param name="rule">What may be changed.</param>
    /// <param name="cancellationToken">Gives up; nothing has changed then.</param>
    /// <exception cref="StorageException">The schema is newer, older than the rule allows to mend, or has been
    /// changed.</exception>
    [SuppressMessage(
        "Security", "CA2100", Justification = "The text is ours; the schema's name in it was checked and is quoted.")]
    internal async Task RunAsync(
        NpgsqlConnection connection, PostgreSqlMigration rule, CancellationToken cancellationToken)
    {
        if (await CheckAsync(connection, rule, cancellationToken) == Tables.Version)
        {
            return;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            new Statement("SELECT pg_advisory_xact_lock($1)").Add(schema.LockKey("migration")), cancellationToken);

        // Whoever held the lock may have done it.
        var version = await CheckAsync(connection, rule, cancellationToken);
        if (version < Tables.Version)
        {
            await using var command = new NpgsqlCommand(Script(version), connection, transaction)
            {
                CommandTimeout = 0,
            };
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>The SQL that leads from a version to the newest, without a transaction of its own.</summary>
    internal string Script(int from)
    {
        var script = new StringBuilder();
        if (from == 0)
        {
            script.AppendLine(CultureInfo.InvariantCulture, $"CREATE SCHEMA IF NOT EXISTS {schema.Quoted};")
                .AppendLine();
            script.AppendLine(CultureInfo.InvariantCulture, $"{schema.Sql(Steps)};").AppendLine();
        }

        for (var step = from; step < Tables.Version; step++)
        {
            script.AppendLine(schema.Sql(Tables.Steps[step])).AppendLine();
            script.AppendLine(
                CultureInfo.InvariantCulture,
                $"{string.Format(CultureInfo.InvariantCulture, schema.Sql(Record), step + 1, Checksum(step))};");
        }

        return script.ToString();
    }

    internal static string Checksum(int step) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Tables.Steps[step].ReplaceLineEndings("\n"))));

    /// <returns>The version of the schema, 0 when there are no tables.</returns>
    private async Task<int> CheckAsync(
        NpgsqlConnection connection, PostgreSqlMigration rule, CancellationToken cancellationToken)
    {
        var steps = await ReadAsync(connection, cancellationToken);
        var version = steps.Count == 0 ? 0 : steps.Max(static step => step.Version);
        if (version > Tables.Version)
        {
            throw new StorageException(
                $"The storage {description} has tables of version {version}, newer than this Lovage knows "
                    + $"({Tables.Version}). Update the package Lovage.PostgreSql; the tables were left as they are.",
                isTransient: false);
        }

        foreach (var (step, checksum) in steps)
        {
            if (checksum != Checksum(step - 1))
            {
                throw new StorageException(
                    $"The storage {description} was made by another step {step} than this Lovage has: its checksum "
                        + "differs. Use the package that made it, or another schema; the tables were left as they "
                        + "are.",
                    isTransient: false);
            }
        }

        return version == Tables.Version
            || rule == PostgreSqlMigration.Always
            || (version == 0 && rule == PostgreSqlMigration.Create)
            ? version
            : throw new StorageException(
                $"The storage {description} has "
                + (version == 0 ? "no tables" : $"tables of version {version}, and version {Tables.Version} is needed")
                + ". "
                + "Call PostgreSqlSchema.MigrateAsync as a user who may change them, run what PostgreSqlSchema.Script "
                + "prints, or write migrate=always in the storage's address.",
                isTransient: false);
    }

    private async Task<List<(int Version, string Checksum)>> ReadAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var steps = new List<(int, string)>();
        if (!await connection.ScalarAsync<bool>(new Statement(Exists).Add(schema.Name), cancellationToken))
        {
            return steps;
        }

        await using var rows = await connection.ReadAsync(
            new Statement(schema.Sql("SELECT version, checksum FROM lovage.migration ORDER BY version")),
            cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            steps.Add((rows.GetInt32(0), rows.GetString(1)));
        }

        return steps;
    }
}
