using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lovage.Sqlite.Native;

/// <summary>
/// The part of SQLite's C interface that is used, called without a marshaller. Calls that only read or write a few
/// words of a statement skip the switch of the collector's mode, which costs more than they do.
/// </summary>
[SuppressMessage(
    "Interoperability",
    "CA5392",
    Justification = "The library comes with the package and is found beside the application, as SQLitePCLRaw finds "
        + "it.")]
internal static unsafe partial class SqliteNative
{
    internal const int Ok = 0;
    internal const int Row = 100;
    internal const int Done = 101;

    internal const int OpenReadOnly = 0x1;
    internal const int OpenReadWrite = 0x2;
    internal const int OpenCreate = 0x4;
    internal const int OpenNoMutex = 0x8000;
    internal const int OpenNoFollow = 0x0100_0000;
    internal const int OpenExtendedResult = 0x0200_0000;

    internal const int PreparePersistent = 1;
    internal const int CheckpointPassive = 0;
    internal const int FileHasMoved = 20;
    internal const int TransactionWrites = 2;
    internal const int ConfigureStablePlans = 1007;

    /// <summary>Tells SQLite to copy what is bound.</summary>
    internal const nint Transient = -1;

    private const string Library = "e_sqlite3";

    [LibraryImport(Library, EntryPoint = "sqlite3_libversion")]
    internal static partial byte* LibraryVersion();

    [LibraryImport(Library, EntryPoint = "sqlite3_libversion_number")]
    internal static partial int LibraryVersionNumber();

    [LibraryImport(Library, EntryPoint = "sqlite3_open_v2", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, out nint connection, int flags, nint vfs);

    /// <summary>
    /// Takes any number of arguments in C: not for macOS on ARM, where those travel otherwise than named ones.
    /// </summary>
    [LibraryImport(Library, EntryPoint = "sqlite3_db_config")]
    internal static partial int Configure(nint connection, int option, int value, out int result);

    [LibraryImport(Library, EntryPoint = "sqlite3_close_v2")]
    internal static partial int Close(nint connection);

    [LibraryImport(Library, EntryPoint = "sqlite3_db_mutex")]
    internal static partial nint Mutex(nint connection);

    [LibraryImport(Library, EntryPoint = "sqlite3_mutex_try")]
    internal static partial int TryEnter(nint mutex);

    [LibraryImport(Library, EntryPoint = "sqlite3_mutex_leave")]
    internal static partial void Leave(nint mutex);

    [LibraryImport(Library, EntryPoint = "sqlite3_errmsg")]
    internal static partial byte* ErrorMessage(nint connection);

    [LibraryImport(Library, EntryPoint = "sqlite3_errstr")]
    internal static partial byte* ErrorText(int code);

    [LibraryImport(Library, EntryPoint = "sqlite3_busy_timeout")]
    internal static partial int BusyTimeout(nint connection, int milliseconds);

    [LibraryImport(Library, EntryPoint = "sqlite3_prepare_v3")]
    internal static partial int Prepare(
        nint connection, byte* sql, int bytes, uint flags, out nint statement, nint tail);

    [LibraryImport(Library, EntryPoint = "sqlite3_finalize")]
    internal static partial int Finalize(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_step")]
    internal static partial int Step(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_reset")]
    internal static partial int Reset(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_clear_bindings")]
    internal static partial int ClearBindings(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_text")]
    internal static partial int BindText(nint statement, int index, byte* value, int bytes, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_blob")]
    internal static partial int BindBlob(nint statement, int index, byte* value, int bytes, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_zeroblob")]
    internal static partial int BindZeroBlob(nint statement, int index, int bytes);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_int64"), SuppressGCTransition]
    internal static partial int BindInt64(nint statement, int index, long value);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_double"), SuppressGCTransition]
    internal static partial int BindDouble(nint statement, int index, double value);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_null"), SuppressGCTransition]
    internal static partial int BindNull(nint statement, int index);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_type"), SuppressGCTransition]
    internal static partial int ColumnType(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64"), SuppressGCTransition]
    internal static partial long ColumnInt64(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_double"), SuppressGCTransition]
    internal static partial double ColumnDouble(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_bytes"), SuppressGCTransition]
    internal static partial int ColumnBytes(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_blob"), SuppressGCTransition]
    internal static partial byte* ColumnBlob(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_changes"), SuppressGCTransition]
    internal static partial int Changes(nint connection);

    [LibraryImport(Library, EntryPoint = "sqlite3_get_autocommit"), SuppressGCTransition]
    internal static partial int IsAutocommit(nint connection);

    [LibraryImport(Library, EntryPoint = "sqlite3_wal_checkpoint_v2")]
    internal static partial int Checkpoint(
        nint connection, nint schema, int mode, out int logFrames, out int checkpointedFrames);

    [LibraryImport(Library, EntryPoint = "sqlite3_wal_hook")]
    internal static partial nint WalHook(
        nint connection, delegate* unmanaged[Cdecl]<int*, nint, nint, int, int> hook, int* state);

    [LibraryImport(Library, EntryPoint = "sqlite3_busy_handler")]
    internal static partial int BusyHandler(
        nint connection, delegate* unmanaged[Cdecl]<nint, int, int> handler, nint state);

    [LibraryImport(Library, EntryPoint = "sqlite3_txn_state", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int TransactionState(nint connection, string schema);

    [LibraryImport(Library, EntryPoint = "sqlite3_file_control")]
    internal static partial int FileControl(nint connection, nint schema, int operation, out int result);

    /// <summary>
    /// Called by SQLite after each commit with the number of frames in the WAL; it is kept for the writer to look at.
    /// </summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static int KeepFrames(int* state, nint connection, nint schema, int frames)
    {
        *state = frames;
        return Ok;
    }

    internal static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";
}
