using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Lovage.Sqlite.Files;

/// <summary>
/// An exclusive lock between open files: <c>flock</c>, or <c>LockFileEx</c> on Windows. It belongs to the open file,
/// not to the process, so that two storages of one process exclude each other too, and the system frees it when its
/// holder dies.
/// </summary>
internal sealed partial class FileLock : IDisposable
{
    private const int Exclusive = 2;
    private const int Unlock = 8;
    private const int Interrupted = 4;
    private const int WindowsExclusive = 2;
    private const int ReadWrite = 2;
    private const int LinuxCloseOnExec = 0x8_0000;
    private const int BsdCloseOnExec = 0x100_0000;

    private readonly SafeFileHandle _file;
    private readonly string _path;

    private FileLock(SafeFileHandle file, string path)
    {
        _file = file;
        _path = path;
    }

    internal static FileLock Open(string path)
    {
        DatabaseFile.RefuseLink(path);
        try
        {
            Create(path);
            return new FileLock(OperatingSystem.IsWindows()
                ? File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete)
                : OpenUnlocked(path), path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                $"The lock file '{path}' cannot be opened: {fault.Message} Check the rights of the folder.",
                isTransient: false,
                fault);
        }
    }

    private static void Create(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = DatabaseFile.OwnerOnly;
        }

        try
        {
            using (new FileStream(path, options))
            {
            }
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was quicker.
        }
    }

    /// <summary>
    /// .NET takes a shared flock at every opening on Unix, without waiting: while another process writes, it would
    /// fail.
    /// </summary>
    private static SafeFileHandle OpenUnlocked(string path)
    {
        var file = OpenFile(path, ReadWrite | (OperatingSystem.IsLinux() ? LinuxCloseOnExec : BsdCloseOnExec));
        return file >= 0
            ? new SafeFileHandle(file, ownsHandle: true)
            : throw new IOException($"{Marshal.GetLastPInvokeErrorMessage()}.");
    }

    internal void Enter()
    {
        if (OperatingSystem.IsWindows())
        {
            var where = default(Overlapped);
            Check(LockFileEx(_file, WindowsExclusive, 0, 1, 0, ref where) != 0);
            return;
        }

        while (Flock(_file, Exclusive) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                Check(false);
            }
        }
    }

    internal void Exit()
    {
        if (OperatingSystem.IsWindows())
        {
            var where = default(Overlapped);
            Check(UnlockFileEx(_file, 0, 1, 0, ref where) != 0);
            return;
        }

        Check(Flock(_file, Unlock) == 0);
    }

    /// <summary>
    /// Writes one byte, so that processes which watch the file are told. It lies beyond the byte that is locked.
    /// </summary>
    internal void Touch() => RandomAccess.Write(_file, "+"u8, fileOffset: 1);

    public void Dispose() => _file.Dispose();

    private void Check(bool succeeded)
    {
        if (!succeeded)
        {
            throw new StorageException(
                $"The lock file '{_path}' cannot be locked: {Marshal.GetLastPInvokeErrorMessage()}. Its file system "
                    + "must support locks between processes.",
                isTransient: true);
        }
    }

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    [SuppressMessage("Interoperability", "CA5392", Justification = "The system's C library.")]
    private static partial int Flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [SuppressMessage("Interoperability", "CA5392", Justification = "The system's C library.")]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int LockFileEx(
        SafeFileHandle file, int flags, int reserved, int lengthLow, int lengthHigh, ref Overlapped where);

    [LibraryImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int UnlockFileEx(
        SafeFileHandle file, int reserved, int lengthLow, int lengthHigh, ref Overlapped where);

    // Win32's OVERLAPPED: where the locked byte lies.
    [StructLayout(LayoutKind.Sequential)]
    private struct Overlapped
    {
        private nint _internal;
        private nint _internalHigh;
        private int _offset;
        private int _offsetHigh;
        private nint _event;
    }
}
