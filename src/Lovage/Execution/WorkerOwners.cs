using System.Globalization;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>Names this process as an owner of leases, and tells whether another owner's process is gone.</summary>
internal static class WorkerOwners
{
    private const int NoSuchProcess = 3;
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    /// <summary>This process, as one worker of it.</summary>
    /// <param name="instance">Tells the workers of this process apart. The host's name stands before it, for people:
    /// the view of PostgreSQL shows it.</param>
    internal static WorkerOwner Current(string instance)
    {
        var process = Environment.ProcessId;
        return new WorkerOwner(
            BootId(),
            PidNamespace(),
            process,
            StartTime(process) ?? 0,
            $"{Environment.MachineName.Replace('/', '_').Replace('~', '_')}~{instance}");
    }

    private static string BootId() =>
        File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : Environment.MachineName.Replace('/', '_');

    private static string PidNamespace()
    {
        // The link's text is "pid:[4026531836]".
        var link = OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget : null;
        return link is null ? "0" : string.Concat(link.Where(char.IsAsciiDigit));
    }

    /// <summary>
    /// Field 22 of /proc/PID/stat (proc(5)): clock ticks after boot; null when the process is gone or a zombie.
    /// </summary>
    /// <exception cref="IOException">It cannot be told.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be told.</exception>
    internal static long? StartTime(int process)
    {
        if (!OperatingSystem.IsLinux())
        {
            return StartTimeElsewhere(process);
        }

        string stat;
        try
        {
            stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
        catch (IOException fault) when (fault.HResult == NoSuchProcess)
        {
            // It went away between the opening and the reading.
            return null;
        }

        // The second field is the command in brackets and may hold anything; what follows its last bracket is regular.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
    }

    private static long? StartTimeElsewhere(int process)
    {
        try
        {
            using var found = System.Diagnostics.Process.GetProcessById(process);
            return found.StartTime.Ticks;
        }
        catch (ArgumentException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>Tells whether an owner is certainly dead. Unsure is alive: the lease decides then.</summary>
internal abstract class OwnerProbe
{
    internal abstract bool IsDead(WorkerOwner owner);
}

/// <summary>
/// Looks at the processes of this host: an owner of this boot and PID namespace whose process is gone, or was started
/// at another time, is dead.
/// </summary>
internal sealed class ProcessOwnerProbe(WorkerOwner self) : OwnerProbe
{
    internal override bool IsDead(WorkerOwner owner)
    {
        if (owner == self || owner.BootId != self.BootId || owner.PidNamespace != self.PidNamespace)
        {
            return false;
        }

        try
        {
            return WorkerOwners.StartTime(owner.ProcessId) != owner.ProcessStart;
        }
        catch (Exception fault)
            when (fault is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            // No file handles left, or a host that hides its processes: alive until its lease says otherwise.
            return false;
        }
    }
}
