using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Lovage.Faults.Harness;

/// <summary>kill(2): .NET itself sends a process no other signal than SIGKILL.</summary>
internal static partial class ProcessSignals
{
    internal const int Kill = 9;
    internal const int Continue = 18;
    internal const int Stop = 19;
    internal const int Terminate = 15;

    private const int NoSuchProcess = 3;

    /// <summary>Sends a signal.</summary>
    /// <returns>False when the process is gone.</returns>
    internal static bool Send(int process, int signal)
    {
        if (SendSignal(process, signal) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int process, int signal);
}
