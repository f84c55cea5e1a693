using System.Text;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Schema;

namespace Lovage.PostgreSql;

/// <summary>The tables of Lovage in a database, for its administrators: made, brought up to date or printed.</summary>
public static class PostgreSqlSchema
{
    /// <summary>The version of the tables that this package works with.</summary>
    public static int Version => Tables.Version;

    /// <summary>
    /// Makes the tables, or brings them up to date, in one transaction and under a lock; does nothing when they are up
    /// to date. The options' rule does not matter.
    /// </summary>
    /// <param name="options">Which database and schema, with a user who may create and change tables.</param>
    /// <param name="cancellationToken">Gives up; nothing has changed then.</param>
    /// <exception cref="StorageException">The database cannot be used; or its tables were made by a preview, or by
    /// other steps than this package's, or need a newer version of it.</exception>
    public static async Task MigrateAsync(
        PostgreSqlStorageOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        await using var database = new Database(
            options.ConnectionString, new SchemaName(options.Schema), options.CallsMax);
        await database.OpenAsync(cancellationToken);
        await database.CallAsync(
            async connection =>
            {
                await new Migration(database.Schema, database.Description).RunAsync(
                    connection, mayMake: true, mayChange: true, cancellationToken);
                return true;
            },
            cancellationToken);
    }

    /// <summary>
    /// The SQL that <see cref="MigrateAsync"/> would run. Run it in one transaction: <c>psql --single-transaction</c>.
    /// </summary>
    /// <param name="schema">The schema's name; <c>lovage</c> by default.</param>
    /// <param name="from">The version that is there, 0 (the default) for none, up to <see cref="Version"/>.</param>
    /// <exception cref="ArgumentException">The name or the version is out of range.</exception>
    public static string Script(string schema = SchemaName.Default, int from = 0)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, Version);
        return new Migration(new SchemaName(schema), schema).Script(from);
    }

    /// <summary>
    /// The SQL that gives a user the rights that a process needs to work with the tables. The user may neither create
    /// nor change any.
    /// </summary>
    /// <param name="user">The user (role).</param>
    /// <param name="schema">The schema's name; <c>lovage</c> by default.</param>
    /// <exception cref="ArgumentException">A name is out of range.</exception>
    public static string Grants(string user, string schema = SchemaName.Default)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        ArgumentNullException.ThrowIfNull(schema);
        var quoted = new SchemaName(schema).Quoted;
        var role = $"\"{user.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        return new StringBuilder()
            .Append("GRANT USAGE ON SCHEMA ")
            .Append(quoted)
            .Append(" TO ")
            .Append(role)
            .AppendLine(";")
            .Append("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ")
            .Append(quoted)
            .Append(" TO ")
            .Append(role)
            .AppendLine(";")
            .Append("REVOKE INSERT, UPDATE, DELETE ON ")
            .Append(quoted)
            .Append(".version FROM ")
            .Append(role)
            .AppendLine(";")
            .Append("GRANT USAGE ON ALL SEQUENCES IN SCHEMA ")
            .Append(quoted)
            .Append(" TO ")
            .Append(role)
            .AppendLine(";")
            .ToString();
    }
}
