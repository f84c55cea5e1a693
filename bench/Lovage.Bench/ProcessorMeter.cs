using System.Globalization;

namespace Lovage.Bench;

/// <summary>
/// Reads the processor time of this process and of the servers that it started, from its start to <see cref="Read"/>.
/// </summary>
/// <remarks>
/// Processor time moves less than wall time on a machine that others use. Outside of Linux, and for a server that this
/// process did not start, the figure is that of this process alone.
/// </remarks>
internal sealed class ProcessorMeter
{
    // The kernel counts in hundredths of a second for every program (sysconf(_SC_CLK_TCK), proc(5)).
    private const double TicksPerSecond = 100;

    private readonly TimeSpan _start = Total();

    /// <summary>Reads the time since the start, divided by the jobs.</summary>
    internal double Read(int jobs) => (Total() - _start).TotalMicroseconds / jobs;

    private static TimeSpan Total() =>
        Environment.CpuUsage.TotalTime + Children(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));

    private static TimeSpan Children(string process)
    {
        var total = TimeSpan.Zero;
        foreach (var child in ChildrenOf(process))
        {
            total += Own(child) + Children(child);
        }

        return total;
    }

    private static IEnumerable<string> ChildrenOf(string process)
    {
        var threads = $"/proc/{process}/task";
        return !Directory.Exists(threads)
            ? []
            : Directory.GetDirectories(threads)
                .SelectMany(static thread => Text(Path.Combine(thread, "children")).Split(' '))
                .Where(static child => child.Length > 0);
    }

    /// <summary>Reads what a process used, with the children that it has waited for.</summary>
    private static TimeSpan Own(string process)
    {
        // The name, in brackets, may hold spaces. After it field 14 (utime) is the twelfth.
        var stat = Text($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 15
            ? TimeSpan.Zero
            : TimeSpan.FromSeconds(
                fields[11..15].Sum(static ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond);
    }

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            // The process ended meanwhile: its parent counts it.
            return "";
        }
    }
}
