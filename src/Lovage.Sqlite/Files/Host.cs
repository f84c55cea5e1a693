namespace Lovage.Sqlite.Files;

/// <summary>This host, as far as leases need to know it.</summary>
internal static class Host
{
    private const string BootIdPath = "/proc/sys/kernel/random/boot_id";

    /// <summary>Another one after each start of the host; the host's name where there is no such thing.</summary>
    internal static string BootId() =>
        File.Exists(BootIdPath) ? File.ReadAllText(BootIdPath).Trim() : Environment.MachineName;
}
