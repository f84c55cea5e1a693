namespace Lovage.Architecture.Tests;

/// <summary>
/// The one table of arrows allowed between the core's folders. A new arrow is a decision: write it here with its reason
/// in docs/adr.
/// </summary>
internal static class CoreFolders
{
    private static readonly string[] Ground = ["Jobs", "Diagnostics"];
    private static readonly string[] Seams = [.. Ground, "Protocol", "Records", "Storage"];

    // Hosting -> { Clients, Execution, Scheduling, Spawning, Workflows } -> Storage -> Records -> Protocol -> Jobs; an
    // arrow may skip levels. Records: what users read of jobs, which storages write (docs/adr/0012). Spawning ->
    // Execution: jobs run in process as a worker runs them (docs/adr/0006). Clients -> Scheduling: a client speaks of
    // triggers. Scheduling -> Spawning: a schedule of every node runs its job in process (docs/adr/0007).
    public static IReadOnlyDictionary<string, string[]> AllowedArrows { get; } = new Dictionary<string, string[]>
    {
        ["Jobs"] = [],
        ["Diagnostics"] = ["Jobs"],
        ["Protocol"] = Ground,
        ["Records"] = [.. Ground, "Protocol"],
        ["Storage"] = [.. Ground, "Protocol", "Records"],
        ["Clients"] = [.. Seams, "Scheduling"],
        ["Execution"] = Seams,
        ["Scheduling"] = [.. Seams, "Spawning"],
        ["Spawning"] = [.. Seams, "Execution"],
        ["Workflows"] = Seams,
        ["Hosting"] = [.. Seams, "Clients", "Execution", "Scheduling", "Spawning", "Workflows"],
    };

    /// <summary>What breaks the table, one line a finding.</summary>
    public static IEnumerable<string> Violations(FolderGraph graph, IReadOnlyDictionary<string, string[]> allowed)
    {
        var unknown = from folder in graph.Folders
                      where !allowed.ContainsKey(folder)
                      select folder.Length == 0
                          ? "a file stands outside every folder"
                          : $"folder {folder} is not in the table";
        var forbidden = from use in graph.Uses
                        where !allowed.TryGetValue(use.From, out var targets) || !targets.Contains(use.To)
                        select $"{use.From} -> {use.To}: {use.Place} names {use.Type}";
        return unknown.Concat(forbidden)
            .Concat(graph.ScatteredTypes.Select(type => $"a partial type in several folders: {type}"));
    }
}
