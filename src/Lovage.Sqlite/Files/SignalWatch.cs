using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Lovage.Sqlite.Files;

/// <summary>
/// Tells when a process touches the signal file. On Linux by inotify on that one file: a watch on its folder, which is
/// all that FileSystemWatcher has, makes an event of every write to the database beside it (8 % of the processor time
/// of a busy drain).
/// </summary>
[SuppressMessage(
    "Usage",
    "CA2213",
    Justification = "The thread that reads from the handle closes it; closed under a read it would tear the read.")]
internal sealed partial class SignalWatch : IDisposable
{
    private const uint Modified = 0x2;
    private const int CloseOnExec = 0x8_0000;
    private const int EventBytes = 16;
    private const int Interrupted = 4;

    private readonly FileSystemWatcher? _elsewhere;
    private readonly SafeFileHandle? _inotify;
    private readonly int _watch;

    /// <summary>Begins to watch.</summary>
    /// <param name="path">The file, which exists.</param>
    /// <param name="touched">Called after touches, several of which may count as one; on a thread of this class's or of
    /// the system's.</param>
    /// <exception cref="IOException">The host has no watch left to give.</exception>
    internal SignalWatch(string path, Action touched)
    {
        if (!OperatingSystem.IsLinux())
        {
            _elsewhere = new FileSystemWatcher(Path.GetDirectoryName(path)!, Path.GetFileName(path))
            {
                NotifyFilter = NotifyFilters.LastWrite,
            };
            _elsewhere.Changed += (_, _) => touched();
            _elsewhere.EnableRaisingEvents = true;
            return;
        }

        var inotify = Initialize(CloseOnExec);
        if (inotify < 0)
        {
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }

        _inotify = new SafeFileHandle(inotify, ownsHandle: true);
        _watch = AddWatch(_inotify, path, Modified);
        if (_watch < 0)
        {
            _inotify.Dispose();
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }

        new Thread(() => Listen(touched)) { IsBackground = true, Name = "lovage-sqlite-watch" }.UnsafeStart();
    }

    public void Dispose()
    {
        _elsewhere?.Dispose();

        // The end of the watch is itself an event: the thread wakes, sees it, and closes.
        if (_inotify is { IsClosed: false })
        {
            _ = RemoveWatch(_inotify, _watch);
        }
    }

    private void Listen(Action touched)
    {
        const int MaskOffset = 4;
        const uint Ignored = 0x8000;
        Span<byte> events = stackalloc byte[4096];
        while (true)
        {
            var length = Read(_inotify!, ref MemoryMarshal.GetReference(events), events.Length);
            if (length <= 0 && Marshal.GetLastPInvokeError() == Interrupted)
            {
                continue;
            }

            // The file has no name in its own events, so each is 16 bytes (inotify(7)); only the last can be the end.
            if (length < EventBytes
                || (MemoryMarshal.Read<uint>(events[((int)length - EventBytes + MaskOffset)..]) & Ignored) != 0)
            {
                _inotify!.Dispose();
                return;
            }

            touched();
        }
    }

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    [SuppressMessage("Interoperability", "CA5392", Justification = "The system's C library.")]
    private static partial int Initialize(int flags);

    [LibraryImport(
        "libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [SuppressMessage("Interoperability", "CA5392", Justification = "The system's C library.")]
    private static partial int AddWatch(SafeFileHandle inotify, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    [SuppressMessage("Interoperability", "CA5392", Justification = "The system's C library.")]
    private static partial int RemoveWatch(SafeFileHandle inotify, int watch);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    [SuppressMessage("Interoperability", "CA5392", Justification = "The system's C library.")]
    private static partial nint Read(SafeFileHandle file, ref byte buffer, nint count);
}
