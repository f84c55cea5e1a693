using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Lovage.Bench;

/// <summary>
/// Measures the time from the instant at which a job should be sent to the start of its handler. The rate is fixed and
/// waits for no answer (open loop), so that a slow answer cannot hide the wait of the jobs behind it.
/// </summary>
internal static class LatencyScenario
{
    // At a low rate the compiler replaces methods late, and stops all threads for each batch of them.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(30);

    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        if (options.Processes > 1 && options.Storage == "memory")
        {
            throw new ArgumentException("Two processes cannot share the memory storage: use --storage sqlite.");
        }

        await using var storage = BenchStorage.Create(options.Storage);
        options = options with { Storage = storage.Address };
        await using var pin = options.Pin ? await BenchStorage.PinAsync(storage.Address) : null;
        var flush = FlushMilliseconds(storage.Folder);
        var before = await CommitMillisecondsAsync(options);
        var (sorted, processor) = options.Processes > 1
            ? (await AcrossAsync(options), null)
            : await WithinAsync(options);
        double[] commits = [.. before.Concat(await CommitMillisecondsAsync(options)).Order()];
        var result = new BenchResult("latency", storage.Address.Split(':')[0], sorted.Length, options.Rate)
            .Add("processes", options.Processes)
            .Add("pinned", options.Pin ? 1 : 0)
            .Add("delay_ms", options.Delay.TotalMilliseconds)
            .Add("p50_ms", LatencyRecorder.Percentile(sorted, 0.5))
            .Add("p99_ms", LatencyRecorder.Percentile(sorted, 0.99))
            .Add("p999_ms", LatencyRecorder.Percentile(sorted, 0.999))
            .Add("max_ms", sorted[^1]);
        if (processor is { } microseconds)
        {
            result.Add("cpu_microseconds_per_job", microseconds);
        }

        AddBaseline(result, "flush", flush);
        AddBaseline(result, "commits", commits);
        return result;
    }

    /// <summary>Adds a baseline; a run without one gets no figure, and not a zero.</summary>
    private static void AddBaseline(BenchResult result, string name, double[] sorted)
    {
        if (sorted.Length > 0)
        {
            result.Add($"{name}_p50_ms", LatencyRecorder.Percentile(sorted, 0.5))
                .Add($"{name}_p99_ms", LatencyRecorder.Percentile(sorted, 0.99));
        }
    }

    /// <summary>The worker of the two-process run: works until its input ends, then prints what it measured.</summary>
    internal static async Task<BenchResult> RunWorkerAsync(BenchOptions options)
    {
        await using var app = await BenchApp.StartAsync(options);
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "reset")
            {
                BenchJobs.Latencies.Take();
                Console.WriteLine("reset");
            }
            else if (line == "take")
            {
                Console.WriteLine(string.Join(
                    ' ', BenchJobs.Latencies.Take().Select(ms => ms.ToString("R", CultureInfo.InvariantCulture))));
            }
        }

        return new BenchResult("latency-worker", options.Storage, 0, 0);
    }

    /// <summary>Measures the disk itself: a page appended and flushed, at the same pace as the jobs.</summary>
    private static double[] FlushMilliseconds(string? folder)
    {
        const int Flushes = 100;
        if (folder is null)
        {
            return [];
        }

        var page = new byte[4096];
        var times = new double[Flushes];
        using var file = File.OpenHandle(
            Path.Combine(folder, "flush.tmp"),
            FileMode.Create,
            FileAccess.Write,
            FileShare.None,
            FileOptions.DeleteOnClose);
        for (var i = 0; i < Flushes; i++)
        {
            Thread.Sleep(20);
            var start = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, page, (long)i * page.Length);
            RandomAccess.FlushToDisk(file);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return times;
    }

    /// <summary>
    /// Measures the server itself for the two commits of a job, publish and claim: a row added and removed, at the same
    /// pace as the jobs.
    /// </summary>
    private static async Task<double[]> CommitMillisecondsAsync(BenchOptions options)
    {
        const int Rounds = 100;
        if (!options.Storage.StartsWith("postgres", StringComparison.Ordinal))
        {
            return [];
        }

        await using var connection = await BenchStorage.ConnectAsync(options.Storage);
        await using var make = new NpgsqlCommand(
            "CREATE TEMP SEQUENCE place; DROP TABLE IF EXISTS lovage_bench_commits; CREATE TABLE "
                + "lovage_bench_commits(place bigint PRIMARY KEY)",
            connection);
        await make.ExecuteNonQueryAsync();
        await using var add = new NpgsqlCommand(
            "INSERT INTO lovage_bench_commits VALUES (nextval('place'))", connection);
        await using var remove = new NpgsqlCommand(
            "DELETE FROM lovage_bench_commits WHERE place = currval('place')", connection);
        var times = new double[Rounds];
        for (var i = 0; i < Rounds; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(Math.Min(0.05, 1 / options.Rate)));
            var start = Stopwatch.GetTimestamp();
            await add.ExecuteNonQueryAsync();
            await remove.ExecuteNonQueryAsync();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        await using var drop = new NpgsqlCommand("DROP TABLE lovage_bench_commits", connection);
        await drop.ExecuteNonQueryAsync();
        return times;
    }

    private static async Task<(double[] Sorted, double? Processor)> WithinAsync(BenchOptions options)
    {
        await using var app = await BenchApp.StartAsync(options);
        await TakeAsync((await SendAsync(app, options, WarmUp)).Jobs);
        var meter = new ProcessorMeter();
        var (jobs, spun) = await SendAsync(app, options, TimeSpan.FromSeconds(options.Seconds));
        var latencies = await TakeAsync(jobs);
        return ([.. latencies.Order()], meter.Read(jobs) - (spun.TotalMicroseconds / jobs));
    }

    /// <summary>The latencies of all jobs, once they have run.</summary>
    private static async Task<double[]> TakeAsync(int sent)
    {
        while (BenchJobs.Latencies.Count < sent)
        {
            await Task.Delay(10);
        }

        return BenchJobs.Latencies.Take();
    }

    private static async Task<double[]> AcrossAsync(BenchOptions options)
    {
        await using var app = await BenchApp.StartAsync(options, worker: false);
        using var worker = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, [.. Self(), "latency-worker", "--storage", options.Storage])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
        await ExpectAsync(worker, "ready");
        var (warm, _) = await SendAsync(app, options, WarmUp);
        await app.RecordedAsync(warm);
        await worker.StandardInput.WriteLineAsync("reset");
        await ExpectAsync(worker, "reset");
        var (sent, _) = await SendAsync(app, options, TimeSpan.FromSeconds(options.Seconds));
        await app.RecordedAsync(warm + sent);
        await worker.StandardInput.WriteLineAsync("take");
        var line = await worker.StandardOutput.ReadLineAsync() ?? "";
        worker.StandardInput.Close();
        await worker.WaitForExitAsync();
        return [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(ms => double.Parse(ms, CultureInfo.InvariantCulture))
            .Order()];
    }

    /// <summary>Sends jobs at the rate.</summary>
    /// <returns>How many, and how long the sender spun: processor time that is not the jobs'.</returns>
    private static async Task<(int Jobs, TimeSpan Spun)> SendAsync(BenchApp app, BenchOptions options, TimeSpan span)
    {
        var spun = 0L;
        var count = (int)(options.Rate * span.TotalSeconds);
        var delay = (long)(options.Delay.TotalSeconds * Stopwatch.Frequency);
        var sends = new List<Task>(count);
        await Task.Factory.StartNew(
            () =>
            {
                var start = Stopwatch.GetTimestamp();
                for (var i = 0; i < count; i++)
                {
                    var intended = start + (long)(i / options.Rate * Stopwatch.Frequency);
                    var rest = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), intended);
                    if (rest > TimeSpan.Zero)
                    {
                        Thread.Sleep((int)rest.TotalMilliseconds);
                    }

                    // A sleep ends at a whole millisecond; sending early would flatter the figures.
                    var spinning = Stopwatch.GetTimestamp();
                    while (Stopwatch.GetTimestamp() < intended)
                    {
                        Thread.SpinWait(20);
                    }

                    spun += Stopwatch.GetTimestamp() - spinning;

                    sends.Add(app.Client.EnqueueAsync(BenchJobs.Mark(intended + delay) with { Delay = options.Delay })
                        .AsTask());
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        await Task.WhenAll(sends);
        return (count, Stopwatch.GetElapsedTime(0, spun));
    }

    private static async Task ExpectAsync(Process worker, string word)
    {
        while (await worker.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == word)
            {
                return;
            }
        }

        throw new InvalidOperationException($"The worker process ended before it said '{word}'.");
    }

    /// <summary>The arguments that start this program again: its dll when it runs under the dotnet host.</summary>
    private static string[] Self() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? [Environment.GetCommandLineArgs()[0]]
            : [];
}
