namespace Lovage.Sqlite.Native;

/// <summary>
/// SQLite's result codes as <see cref="StorageException"/>s that say what to do (https://www.sqlite.org/rescode.html).
/// </summary>
internal static class SqliteFault
{
    internal const int Busy = 5;
    private const int Locked = 6;
    private const int OutOfMemory = 7;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int Protocol = 15;
    private const int TooBig = 18;
    private const int NotADatabase = 26;

    internal static StorageException From(int code, string message, string path)
    {
        var (what, isTransient) = (code & 0xFF) switch
        {
            Busy or Locked or Protocol => (
                "is held by another program or connection. End transactions that are open on it, or pass your own to "
                    + "the call; the call can be repeated.",
                true),
            OutOfMemory => ("could not be used for want of memory; the call can be repeated.", true),
            ReadOnly => ("cannot be written. Check the rights of the file and of its folder.", false),
            InputOutput => ("could not be read or written. Check the disk; the call can be repeated.", true),
            Corrupt =>
                (
                    "is damaged. Stop all processes that use it, keep a copy, and save what can be read with: sqlite3 "
                        + "FILE .recover",
                    false),
            Full =>
                (
                    "cannot grow: the disk or the quota is full. Nothing was accepted; free some space and repeat the "
                        + "call.",
                    true),
            CannotOpen =>
                (
                    "cannot be opened. Check that its folder exists, that it may be read and written, and that "
                        + "neither is a symbolic link.",
                    false),
            TooBig => (
                "refuses a value that is larger than SQLite's limit. Store the data elsewhere and pass a reference.",
                false),
            NotADatabase => ("is no SQLite database. Choose another path; the file was left as it is.", false),
            _ => ("could not be used.", false),
        };
        return new StorageException($"The SQLite file '{path}' {what} (SQLite {code}: {message})", isTransient);
    }
}
