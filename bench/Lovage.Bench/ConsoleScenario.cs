using System.Diagnostics;
using System.Globalization;
using Lovage.PostgreSql;
using Lovage.Sqlite;
using Lovage.Storage;
using Lovage.Storage.Memory;

namespace Lovage.Bench;

/// <summary>Measures what a console asks of a storage that holds many finished jobs.</summary>
internal static class ConsoleScenario
{
    private const int Repeats = 40;

    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var jobs = options.Jobs ?? 1_000_000;
        var clock = new ConsoleClock();
        await using var place = BenchStorage.Create(options.Storage);
        await using var storage = Provider(place.Address).Create(place.Address, clock);
        await storage.OpenAsync(default);
        var data = new ConsoleData(storage, clock, jobs);
        var fill = Stopwatch.StartNew();
        await data.FillAsync();
        var seconds = fill.Elapsed.TotalSeconds;
        var result = new BenchResult("console", options.Storage.Split(':')[0], jobs, jobs / seconds);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"filled in {seconds:F0} s; milliseconds:"));
        Console.WriteLine($"  {"look",-34} {"first",9} {"median",9} {"p95",9} {"processor",9} {"rows",8}");
        var slowest = new SortedDictionary<string, (double P95, string Name)>(StringComparer.Ordinal);
        foreach (var (name, look) in Looks(storage.History!, data, clock.GetUtcNow()))
        {
            var (first, median, p95, processor, rows) = await MeasureAsync(look);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {name,-34} {first,9:F2} {median,9:F2} {p95,9:F2} {processor,9:F2} {rows,8}"));
            var kind = name.Split(' ')[0];
            if (p95 > slowest.GetValueOrDefault(kind).P95)
            {
                slowest[kind] = (p95, name);
            }
        }

        foreach (var (kind, (p95, name)) in slowest)
        {
            result.Add($"p95_max_{kind}", p95).Add($"slowest_{kind}", name);
        }

        await AskAsync(place.Address, storage, data, result);
        return result;
    }

    /// <summary>
    /// Asks the HTTP API of a real app. Before each request all that the app has read is too old.
    /// </summary>
    private static async Task AskAsync(
        string address, JobStorage storage, ConsoleData data, BenchResult result)
    {
        await using var site = await ConsoleSite.StartAsync(address, storage);
        Console.WriteLine(
            $"  {"request, nothing kept",-50} {"first",9} {"p50",9} {"p95",9} {"processor",9} {"bytes",8}");
        var (slowest, missed) = ((P95: 0.0, Name: ""), 0);
        foreach (var (name, path, goal) in ConsoleRoutes.All(data))
        {
            var (first, median, p95, processor, bytes) = await MeasureAsync(
                async () => Rows(await site.GetAsync(path)), site.Forget);
            var isMissed = p95 >= goal;
            missed += isMissed ? 1 : 0;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {name,-50} {first,9:F2} {median,9:F2} {p95,9:F2} {processor,9:F2} {bytes,8}"
                    + $"{(isMissed ? $"  over {goal} ms" : "")}"));
            if (name is "overview" or "errors")
            {
                result.Add($"api_p50_{name}", median).Add($"api_p95_{name}", p95);
            }
            else if (p95 > slowest.P95)
            {
                slowest = (p95, name);
            }
        }

        var (_, kept, keptP95, _, _) = await MeasureAsync(async () => Rows(await site.GetAsync("overview")));
        result.Add("api_p50_overview_kept", kept).Add("api_p95_overview_kept", keptP95)
            .Add("api_p95_max_others", slowest.P95).Add("api_slowest_other", slowest.Name)
            .Add("api_over_goal", missed);
    }

    private static async Task<(double First, double Median, double P95, double Processor, string Rows)> MeasureAsync(
        Func<Task<string>> look, Action? before = null)
    {
        var times = new double[Repeats];
        before?.Invoke();
        var clock = Stopwatch.StartNew();
        var rows = await look();
        var first = clock.Elapsed.TotalMilliseconds;
        var meter = new ProcessorMeter();
        for (var i = 0; i < Repeats; i++)
        {
            before?.Invoke();
            clock.Restart();
            await look();
            times[i] = clock.Elapsed.TotalMilliseconds;
        }

        var processor = meter.Read(Repeats) / 1_000;
        Array.Sort(times);
        return (first, times[Repeats / 2], times[Repeats * 95 / 100], processor, rows);
    }

    private static IEnumerable<(string Name, Func<Task<string>> Look)> Looks(
        JobHistory history, ConsoleData data, DateTimeOffset now)
    {
        foreach (var (name, query) in Queries(data, now))
        {
            yield return ($"page {name}", () => PageAsync(history, query));
        }

        yield return ("page 20 of all", () => DeepAsync(history, new JobQuery(), 20));
        foreach (var (name, query) in Queries(data, now))
        {
            yield return ($"count {name}", () => CountAsync(history, query));
        }

        yield return ("errors", async () =>
            Rows((await history.FailuresAsync(new FailureQuery(), default)).Count));
        yield return ("errors of a name", async () =>
            Rows((await history.FailuresAsync(new FailureQuery { Name = ConsoleData.NameOf(3) }, default)).Count));
        yield return ("statistics of 24 h", async () =>
            Rows((await history.StatisticsAsync(new StatisticsQuery { Since = now.AddHours(-24) }, default)).Count));
        yield return ("statistics of 24 h, one name", async () =>
            Rows((await history.StatisticsAsync(
                new StatisticsQuery { Since = now.AddHours(-24), Name = ConsoleData.NameOf(3) }, default)).Count));
        yield return ("longest running", async () =>
            Rows((await history.LongestRunningAsync(20, default)).Count));
        yield return ("counters", async () => Rows((await history.CountersAsync(default)).Count));
    }

    private static IEnumerable<(string Name, JobQuery Query)> Queries(ConsoleData data, DateTimeOffset now)
    {
        var (name, queue) = (ConsoleData.NameOf(3), ConsoleData.QueueOf(3));
        var worker = ConsoleData.WorkerOf(7).Key;
        JobState[] failed = [JobState.Failed];
        yield return ("all", new JobQuery());
        yield return ("state failed", new JobQuery { States = failed });
        yield return ("state succeeded", new JobQuery { States = [JobState.Succeeded] });
        yield return ("state queued", new JobQuery { States = [JobState.Queued] });
        yield return ("state running", new JobQuery { States = [JobState.Running] });
        yield return ("state scheduled", new JobQuery { States = [JobState.Scheduled] });
        yield return ("state dead (none)", new JobQuery { States = [JobState.Dead] });
        yield return ("name common", new JobQuery { Name = name });
        yield return ("name rare", new JobQuery { Name = ConsoleData.RareName });
        yield return ("queue common", new JobQuery { Queue = queue });
        yield return ("queue rare", new JobQuery { Queue = ConsoleData.RareQueue });
        yield return ("worker", new JobQuery { Worker = worker });
        yield return ("tag common", new JobQuery { Tag = "campaign:spring" });
        yield return ("tag rare", new JobQuery { Tag = "customer:1" });
        yield return ("root", new JobQuery { RootId = data.Root });
        yield return ("schedule common", new JobQuery { ScheduleId = "nightly" });
        yield return ("schedule rare", new JobQuery { ScheduleId = "rare" });
        yield return ("edited from", new JobQuery { EditedFrom = data.Edited });
        yield return ("fingerprint", new JobQuery { Fingerprint = ConsoleData.CauseOf(2, name) });
        yield return ("since 2 h", new JobQuery { Since = now.AddHours(-2) });
        yield return ("until 40 h", new JobQuery { Until = now.AddHours(-40) });
        yield return ("queue + failed", new JobQuery { Queue = queue, States = failed });
        yield return ("queue rare + failed", new JobQuery { Queue = ConsoleData.RareQueue, States = failed });
        yield return ("queue + queued", new JobQuery { Queue = queue, States = [JobState.Queued] });
        yield return ("queue + running", new JobQuery { Queue = queue, States = [JobState.Running] });
        yield return ("name + failed", new JobQuery { Name = name, States = failed });
        yield return ("name rare + failed", new JobQuery { Name = ConsoleData.RareName, States = failed });
        yield return ("name + queued", new JobQuery { Name = name, States = [JobState.Queued] });
        yield return ("name + since 2 h", new JobQuery { Name = name, Since = now.AddHours(-2) });
        yield return ("name + its queue", new JobQuery { Name = name, Queue = queue });
        yield return ("name + another queue", new JobQuery { Name = name, Queue = ConsoleData.QueueOf(4) });
        yield return ("worker + failed", new JobQuery { Worker = worker, States = failed });
        yield return ("tag + failed", new JobQuery { Tag = "campaign:spring", States = failed });
        yield return ("fingerprint + since 2 h", new JobQuery
        {
            Fingerprint = ConsoleData.CauseOf(2, name),
            Since = now.AddHours(-2),
        });
        yield return ("failed + since 2 h", new JobQuery { States = failed, Since = now.AddHours(-2) });
        yield return ("arguments (many)", new JobQuery { ArgumentText = "customer" });
        yield return ("arguments (none)", new JobQuery { ArgumentText = "stranger" });
        yield return ("arguments + name", new JobQuery { ArgumentText = "stranger", Name = name });
    }

    private static async Task<string> PageAsync(JobHistory history, JobQuery query)
    {
        var page = await history.QueryAsync(query, default);
        return Rows(page.Jobs.Count, page.Next is null ? "" : "+");
    }

    private static async Task<string> DeepAsync(JobHistory history, JobQuery query, int pages)
    {
        var rows = 0;
        for (var i = 0; i < pages; i++)
        {
            var page = await history.QueryAsync(query, default);
            query = query with { After = page.Next };
            rows += page.Jobs.Count;
        }

        return Rows(rows);
    }

    private static async Task<string> CountAsync(JobHistory history, JobQuery query)
    {
        var count = await history.CountAsync(query, 10_000, default);
        return Rows(count.Value, count.IsExact ? "" : "+");
    }

    private static string Rows(long count, string more = "") =>
        string.Create(CultureInfo.InvariantCulture, $"{count}{more}");

    private static StorageProvider Provider(string address) =>
        address.StartsWith("sqlite", StringComparison.Ordinal) ? new SqliteStorageProvider()
        : address.StartsWith("postgres", StringComparison.Ordinal) ? new PostgreSqlStorageProvider()
        : new MemoryStorageProvider();
}
