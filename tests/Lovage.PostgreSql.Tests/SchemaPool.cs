using System.Collections.Concurrent;

namespace Lovage.PostgreSql.Tests;

/// <summary>Schemas with tables, which tests use one after the other.</summary>
/// <remarks>
/// To make the tables and to drop them again took a third of a test's time on the server: each is some sixty files. To
/// delete the few rows that a test leaves takes next to nothing.
/// </remarks>
internal static class SchemaPool
{
    // Words stay: their numbers keep their meaning, as they do for a process.
    private const string Empty = """
        DO $$ DECLARE t regclass; BEGIN
          FOR t IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = '{0}' AND c.relkind = 'r' AND c.relname NOT IN ('version', 'word')
          LOOP EXECUTE 'DELETE FROM ' || t; END LOOP;
        END $$
        """;

    private static readonly ConcurrentBag<string> Free = [];

    /// <summary>An empty schema, with tables or none.</summary>
    internal static string Take() => Free.TryTake(out var schema) ? schema : PostgreSqlFixture.NewSchema();

    /// <summary>Gives a schema back whose storages are disposed.</summary>
    internal static async Task ReturnAsync(PostgreSqlServer server, string schema)
    {
        await server.ExecuteAsync(Empty.Replace("{0}", schema, StringComparison.Ordinal));
        Free.Add(schema);
    }
}
