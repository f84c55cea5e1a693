using System.Globalization;

namespace Lovage.Storage;

/// <summary>
/// The worker that holds a lease, named by where and when its process started. A process on the same host sees at once
/// that it is gone, even when the operating system reuses its process id.
/// </summary>
/// <param name="BootId">The host's boot id (<c>/proc/sys/kernel/random/boot_id</c>), or the host's name where there is
/// none.</param>
/// <param name="PidNamespace">The PID namespace (<c>/proc/self/ns/pid</c>); 0 where there is none.</param>
/// <param name="ProcessId">The process id in that namespace.</param>
/// <param name="ProcessStart">The process's start time in the host's own unit.</param>
/// <param name="Instance">Tells several workers of one process apart.</param>
public sealed record WorkerOwner(string BootId, string PidNamespace, int ProcessId, long ProcessStart, string Instance)
{
    private readonly string _key = string.Create(
        CultureInfo.InvariantCulture, $"{BootId}/{PidNamespace}/{ProcessId}/{ProcessStart}/{Instance}");

    /// <summary>The owner as one text, which <see cref="Parse"/> reads.</summary>
    public string Key => _key;

    /// <summary>Reads <see cref="Key"/>.</summary>
    /// <param name="key">The text.</param>
    /// <exception cref="FormatException">It is no owner's key.</exception>
    public static WorkerOwner Parse(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var parts = key.Split('/');
        return parts.Length == 5
            && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var process)
            && long.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
                ? new WorkerOwner(parts[0], parts[1], process, start, parts[4])
                : throw new FormatException($"'{JobNames.Shown(key)}' is no worker owner's key.");
    }

    /// <inheritdoc/>
    public override string ToString() => Key;
}
