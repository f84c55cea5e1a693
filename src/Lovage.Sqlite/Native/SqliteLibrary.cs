namespace Lovage.Sqlite.Native;

/// <summary>The SQLite that was loaded.</summary>
internal static class SqliteLibrary
{
    internal static int VersionNumber => SqliteNative.LibraryVersionNumber();

    internal static unsafe string Version => SqliteNative.Text(SqliteNative.LibraryVersion());

    /// <summary>True for a version with the WAL-reset bug (https://www.sqlite.org/wal.html#walresetbug).</summary>
    /// <remarks>The bug is fixed in 3.51.3, and in the older lines from 3.44.6 and 3.50.7 on.</remarks>
    internal static bool HasResetBug(int version) => version is >= 3_007_000 and < 3_051_003
        and not (>= 3_044_006 and < 3_045_000)
        and not (>= 3_050_007 and < 3_051_000);
}
