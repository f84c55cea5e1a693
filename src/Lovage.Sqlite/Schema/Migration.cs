using System.Globalization;
using Lovage.Sqlite.Files;
using Lovage.Sqlite.Native;

namespace Lovage.Sqlite.Schema;

/// <summary>Brings a file's schema up to date. Needs the turnstile.</summary>
internal static class Migration
{
    /// <summary>Refuses a file that is not ours to write; changes nothing.</summary>
    /// <returns>The version of its schema, 0 for a new file.</returns>
    internal static long Check(SqliteConnection connection, string path)
    {
        var version = connection.Scalar("PRAGMA user_version");
        if (connection.Scalar("PRAGMA application_id") != Tables.ApplicationId
            && (version != 0 || connection.Scalar("SELECT count(*) FROM sqlite_schema") != 0))
        {
            throw DatabaseFile.Foreign(path);
        }

        return version <= Tables.Version ? version : throw DatabaseFile.Newer(path, version);
    }

    internal static void Run(SqliteConnection connection, string path)
    {
        connection.Execute(Sql.Begin);
        try
        {
            var version = Check(connection, path);
            for (var step = (int)version; step < Tables.Version; step++)
            {
                foreach (var statement in Tables.Steps[step])
                {
                    connection.Execute(statement);
                }
            }

            if (version < Tables.Version)
            {
                connection.Execute(
                    string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {Tables.ApplicationId}"));
                connection.Execute(
                    string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Tables.Version}"));
            }

            connection.Execute(Sql.Commit);
        }
        catch
        {
            if (connection.InTransaction)
            {
                connection.Execute(Sql.Rollback);
            }

            throw;
        }
    }
}
