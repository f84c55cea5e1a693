using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lovage.PostgreSql.Commands;
using Npgsql;

namespace Lovage.PostgreSql.Schema;

/// <summary>Brings a schema up to date, one process at a time, and refuses one that it cannot work with.</summary>
/// <remarks>
/// Each step of the schema stores its version and <c>readable_from</c>, the lowest version that can work with the
/// tables after it. A process works with newer tables that are readable from its own version on, so that a deploy can
/// be rolled back after the tables were brought up to date.
/// </remarks>
internal sealed class Migration(SchemaName schema, string description)
{
    private const string Versions =
        "CREATE TABLE lovage.version(version integer PRIMARY KEY, readable_from integer NOT NULL, checksum text NOT "
            + "NULL, applied_at timestamptz NOT NULL DEFAULT now())";

    // $1: the schema. Comes back: whether there are tables of ours, and whether there are those of a preview. Not
    // to_regclass: that would remember, to the end of the transaction, that there was no table before the wait for the
    // lock.
    private const string Exist = """
        SELECT count(*) FILTER (WHERE c.relname = 'version') > 0,
          count(*) FILTER (WHERE c.relname IN ('migration', 'course')) = 2
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname IN ('version', 'migration', 'course')
        """;

    // {0}: the version after the step, {1}: the lowest version of the package that can work with it, {2}: a checksum.
    private const string Record =
        "INSERT INTO lovage.version(version, readable_from, checksum) VALUES ({0}, {1}, '{2}');";
    private const string Read = "SELECT version, readable_from, checksum FROM lovage.version ORDER BY version";

    /// <summary>Looks at the schema, and changes what may be changed.</summary>
    /// <param name="connection">Its user needs the right to change tables only where something is changed.</param>
    /// <param name="mayMake">Whether tables are made where there are none.</param>
    /// <param name="mayChange">Whether older tables are brought up to date.</param>
    /// <param name="cancellationToken">Gives up; nothing has changed then.</param>
    /// <exception cref="StorageException">The schema was made by a preview, or for newer versions only, or has been
    /// changed, or has to be made or brought up to date and may not.</exception>
    [SuppressMessage(
        "Security", "CA2100", Justification = "The text is ours; the schema's name in it was checked and is quoted.")]
    internal async Task RunAsync(
        NpgsqlConnection connection, bool mayMake, bool mayChange, CancellationToken cancellationToken)
    {
        if (await CheckAsync(connection, mayMake, mayChange, cancellationToken) >= Tables.Version)
        {
            return;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(
            new Statement("SELECT pg_advisory_xact_lock($1)").Add(schema.LockKey("migration")), cancellationToken);

        // The process that held the lock may have done it.
        var version = await CheckAsync(connection, mayMake, mayChange, cancellationToken);
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
            script.AppendLine(CultureInfo.InvariantCulture, $"{schema.Sql(Versions)};").AppendLine();
        }

        for (var step = from; step < Tables.Version; step++)
        {
            script.AppendLine(schema.Sql(Tables.Steps[step].Sql)).AppendLine();
            script.AppendLine(string.Format(
                CultureInfo.InvariantCulture,
                schema.Sql(Record),
                step + 1,
                Tables.Steps[step].ReadableFrom,
                Checksum(step)));
        }

        return script.ToString();
    }

    internal static string Checksum(int step) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(Tables.Steps[step].Sql.ReplaceLineEndings("\n"))));

    /// <returns>The version of the schema, 0 when there are no tables.</returns>
    private async Task<int> CheckAsync(
        NpgsqlConnection connection, bool mayMake, bool mayChange, CancellationToken cancellationToken)
    {
        var steps = await ReadAsync(connection, cancellationToken);
        var (version, readableFrom) = steps.Count == 0 ? (0, 0) : (steps[^1].Version, steps[^1].ReadableFrom);
        if (readableFrom > Tables.Version)
        {
            throw Refused(
                $"has tables of version {version}, which this Lovage (version {Tables.Version}) cannot work with: they "
                    + $"need {readableFrom} or later. Update the package Lovage.PostgreSql");
        }

        foreach (var step in steps.Where(static step => step.Version <= Tables.Version))
        {
            if (step.Checksum != Checksum(step.Version - 1))
            {
                throw Refused(
                    $"was made by another step {step.Version} than this Lovage has: its checksum differs. Use the "
                        + "package that made it, or another schema");
            }
        }

        return version >= Tables.Version || (version == 0 ? mayMake : mayChange)
            ? version
            : throw new StorageException(
                $"The storage {description} has "
                + (version == 0 ? "no tables" : $"tables of version {version}, and version {Tables.Version} is needed")
                + ". "
                + "Call PostgreSqlSchema.MigrateAsync as a user who may change them, run what PostgreSqlSchema.Script "
                + "prints, or write migrate=always in the storage's address.",
                isTransient: false);
    }

    private async Task<List<(int Version, int ReadableFrom, string Checksum)>> ReadAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var steps = new List<(int, int, string)>();
        var (isOurs, isOfAPreview) = await ExistAsync(connection, cancellationToken);
        if (!isOurs)
        {
            return isOfAPreview
                ? throw Refused(
                    $"has tables in the schema {schema.Name} that were made by a preview: drain it with the old build, "
                        + $"or drop the schema (DROP SCHEMA {schema.Quoted} CASCADE)")
                : steps;
        }

        await using var rows = await connection.ReadAsync(new Statement(schema.Sql(Read)), cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            steps.Add((rows.GetInt32(0), rows.GetInt32(1), rows.GetString(2)));
        }

        return steps;
    }

    private async Task<(bool IsOurs, bool IsOfAPreview)> ExistAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(Exist).Add(schema.Name), cancellationToken);
        await rows.ReadAsync(cancellationToken);
        return (rows.GetBoolean(0), rows.GetBoolean(1));
    }

    private StorageException Refused(string why) =>
        new($"The storage {description} {why}; the tables were left as they are.", isTransient: false);
}
