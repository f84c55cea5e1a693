namespace Lovage.Bench;

/// <summary>What the pages ask of the HTTP API, and how long an answer may take.</summary>
internal static class ConsoleRoutes
{
    private const double OverviewMax = 50;
    private const double OtherMax = 200;

    /// <summary>Each with its goal in milliseconds.</summary>
    internal static IEnumerable<(string Name, string Path, double Goal)> All(ConsoleData data)
    {
        yield return ("overview", "overview", OverviewMax);
        foreach (var search in Searches(data))
        {
            yield return (
                $"jobs {(search.Length == 0 ? "(all)" : Short(search))}",
                $"jobs?q={Uri.EscapeDataString(search)}",
                OtherMax);
        }

        foreach (var path in (string[])
            [
                "errors", "errors?window=7d", "metrics?range=24h", "metrics?range=7d",
                $"metrics?range=24h&name={ConsoleData.NameOf(3)}", "queues", $"queues/{ConsoleData.QueueOf(3)}",
                "running", "chart?range=24h", "chart?range=7d", "workers", "schedules", "schedules?limit=200",
                $"jobs/{data.Root}", "operations", "audit",
                "suggest?field=name&prefix=jobs.", "suggest?field=tag&prefix=customer", "suggest?field=worker&prefix=",
            ])
        {
            yield return (path, path, OtherMax);
        }
    }

    private static IEnumerable<string> Searches(ConsoleData data)
    {
        var (name, queue) = ($"name:{ConsoleData.NameOf(3)}", $"queue:{ConsoleData.QueueOf(3)}");
        var (worker, cause) = (ConsoleData.WorkerOf(7).Key, ConsoleData.CauseOf(2, ConsoleData.NameOf(3)));
        return
        [
            "", "state:failed", "state:succeeded", "state:queued", "state:running", "state:scheduled", "state:dead",
            "state:failed,dead", name, $"name:{ConsoleData.RareName}", queue, $"queue:{ConsoleData.RareQueue}",
            $"worker:{worker}", "tag:campaign:spring", "tag:customer:1", $"root:{data.Root}", "schedule:nightly",
            "schedule:rare", $"fingerprint:{cause}", "since:2h", "until:40h", $"id:{data.Root}",
            $"{queue} state:failed", $"queue:{ConsoleData.RareQueue} state:failed", $"{queue} state:queued",
            $"{queue} state:running", $"{name} state:failed", $"{name} state:queued", $"{name} since:2h",
            $"{name} {queue}", $"{name} queue:{ConsoleData.QueueOf(4)}", $"worker:{worker} state:failed",
            "tag:campaign:spring state:failed", $"fingerprint:{cause} since:2h", "state:failed since:2h",
            "args:customer", "args:stranger", $"args:stranger {name}",
        ];
    }

    private static string Short(string search) => search.Length <= 44 ? search : $"{search.AsSpan(0, 41)}...";
}
