using Lovage.Sqlite.Files;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// Opens the file for writing: creates it, checks that it is Lovage's, and brings its schema up to date.
/// </summary>
internal static class WriterConnection
{
    internal const string SynchronousFull = "PRAGMA synchronous = FULL";
    internal const string SynchronousNormal = "PRAGMA synchronous = NORMAL";

    internal static SqliteConnection Open(string path, Turnstile turnstile, BusyWait busy, WriterTerms terms)
    {
        turnstile.Enter();
        SqliteConnection? connection = null;
        try
        {
            if (terms.IsShared)
            {
                DatabaseFile.RefuseMissing(path);
            }
            else
            {
                DatabaseFile.Create(path);
            }

            connection = SqliteConnection.OpenWriter(path);
            connection.WaitBy(busy);
            _ = Migration.Check(connection, path, terms.IsShared);
            connection.Execute("PRAGMA cache_size = -16000");
            connection.Execute("PRAGMA temp_store = MEMORY");
            connection.Execute("PRAGMA foreign_keys = OFF");
            connection.Execute("PRAGMA trusted_schema = OFF");
            if (connection.ScalarText("PRAGMA journal_mode = WAL") != "wal")
            {
                throw new StorageException(
                    $"The SQLite file '{path}' cannot use a write-ahead log here. Put it on a local disk; network "
                        + "file systems have no shared memory.",
                    isTransient: false);
            }

            connection.Execute("PRAGMA wal_autocheckpoint = 0");
            connection.WatchLog();
            connection.Execute("PRAGMA journal_size_limit = 67108864");
            connection.Execute(terms.IsFull ? SynchronousFull : SynchronousNormal);
            Migration.Run(connection, path, terms.IsShared);
            return connection;
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
        finally
        {
            turnstile.Exit();
        }
    }
}

/// <summary>How the writer uses the file.</summary>
/// <param name="IsFull">True when commits that must last wait for the disk.</param>
/// <param name="IsShared">True when the app makes the file and writes to it too.</param>
internal sealed record WriterTerms(bool IsFull, bool IsShared);
