using System.Collections.Concurrent;

namespace Lovage.PostgreSql.Tests;

/// <summary>Schemas with tables, which tests use one after the other.</summary>
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
        await EmptyAsync(server, schema);
        Free.Add(schema);
    }

    internal static Task EmptyAsync(PostgreSqlServer server, string schema) =>
        server.ExecuteAsync(Empty.Replace("{0}", schema, StringComparison.Ordinal));
}
