using Lovage.Sqlite.Files;
using Lovage.Sqlite.Native;

namespace Lovage.Sqlite.Schema;

/// <summary>Brings a file's schema up to date, or refuses it. Needs the turnstile.</summary>
/// <remarks>
/// The table <c>lovage_version</c> holds one row: the version of the schema, and the lowest version whose builds can
/// use it. An older build goes on with a newer file as long as that allows it, so that a deploy can be rolled back.
/// </remarks>
internal static class Migration
{
    /// <summary>What builds before the first version wrote into a file's header: "LOVA".</summary>
    private const int PreviewApplicationId = 0x4C4F5641;

    private const string HasVersion = "SELECT count(*) FROM sqlite_schema WHERE name = 'lovage_version'";
    private const string ReadVersion = "SELECT version FROM lovage_version";
    private const string ReadReadableFrom = "SELECT readable_from FROM lovage_version";
    private const string CountPreviewTables =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('meta', 'job', 'course')";
    private const string CountObjects = "SELECT count(*) FROM sqlite_schema";
    private const string InsertVersion = "INSERT INTO lovage_version(version, readable_from) VALUES (?1, ?2)";
    private const string UpdateVersion = "UPDATE lovage_version SET version = ?1, readable_from = ?2";
    private const string CreateVersion =
        "CREATE TABLE lovage_version(version INTEGER NOT NULL, readable_from INTEGER NOT NULL) STRICT";

    /// <summary>Refuses a file that this build must not write to; changes nothing.</summary>
    /// <returns>The version of its schema, 0 for a file without Lovage's tables.</returns>
    /// <exception cref="StorageException">A preview made the file, another application owns it, only newer builds can
    /// use it, or the app that shares it has not made its tables yet.</exception>
    internal static long Check(SqliteConnection connection, string path, bool isShared)
    {
        if (connection.Scalar(HasVersion) > 0)
        {
            return connection.Scalar(ReadReadableFrom) <= Tables.Version
                ? connection.Scalar(ReadVersion)
                : throw Newer(path, connection.Scalar(ReadVersion));
        }

        if (connection.Scalar("PRAGMA application_id") == PreviewApplicationId
            || (!isShared && connection.Scalar(CountPreviewTables) == 3))
        {
            throw Preview(path);
        }

        return (connection.Scalar(CountObjects) > 0) == isShared
            ? 0
            : throw (isShared ? DatabaseFile.NotMadeYet(path) : Foreign(path));
    }

    /// <summary>Carries out the steps that a file has not seen yet, all or none.</summary>
    internal static void Run(SqliteConnection connection, string path, bool isShared)
    {
        connection.Execute(Sql.Begin);
        try
        {
            var version = Check(connection, path, isShared);
            for (var step = (int)version; step < Tables.Version; step++)
            {
                foreach (var statement in Tables.Steps[step].Statements)
                {
                    connection.Execute(statement);
                }
            }

            if (version < Tables.Version)
            {
                Write(connection, isNew: version == 0);
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

    private static void Write(SqliteConnection connection, bool isNew)
    {
        if (isNew)
        {
            connection.Execute(CreateVersion);
        }

        using var write = connection.Prepare(isNew ? InsertVersion : UpdateVersion);
        write.Bind(1, Tables.Version).Bind(2, Tables.Steps[^1].ReadableFrom).Run();
    }

    private static StorageException Preview(string path) =>
        new(
            $"'{path}' was made by a preview of Lovage: drain it with the old build, or delete it. The file was left "
                + "as it is.",
            isTransient: false);

    private static StorageException Foreign(string path) =>
        new(
            $"'{path}' is another application's database; the file was left as it is. Choose another path. To put "
                + $"Lovage's tables into a file of your app's, write sqlite:{path}?shared=true.",
            isTransient: false);

    private static StorageException Newer(string path, long version) =>
        new(
            $"'{path}' was written by a newer Lovage (schema {version}, this build knows {Tables.Version}). Update "
                + "this application; the file was left as it is.",
            isTransient: false);
}
