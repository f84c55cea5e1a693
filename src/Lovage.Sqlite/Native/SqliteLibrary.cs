namespace Lovage.Sqlite.Native;

/// <summary>The SQLite that was loaded.</summary>
internal static class SqliteLibrary
{
    internal static int VersionNumber => SqliteNative.LibraryVersionNumber();

    internal static unsafe string Version => SqliteNative.Text(SqliteNative.LibraryVersion());
}
