using System.Diagnostics;
using Lovage.Protocol;
using Lovage.Sqlite;

namespace Lovage.Bench;

/// <summary>What the storage itself allows: the same tables, rows and batches as a drain, through one prepared connection, without an engine.</summary>
internal static class RawScenario
{
    private const int Batch = 500;
    private const int FillBatch = 1_000;

    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        if (options.Storage != "sqlite")
        {
            throw new ArgumentException("raw measures --storage sqlite.");
        }

        var jobs = options.Jobs ?? 200_000;
        var filled = new List<double>();
        var drained = new List<double>();
        for (var run = 0; run < options.Runs; run++)
        {
            var folder = Directory.CreateTempSubdirectory("lovage-bench-").FullName;
            try
            {
                var path = Path.Combine(folder, "raw.db");
                await using (var storage = new SqliteStorageProvider().Create($"sqlite:{path}", TimeProvider.System))
                {
                    await storage.OpenAsync(CancellationToken.None);
                }

                using var raw = new SqliteRawBaseline(path, TimeProvider.System);
                var messages = Messages(jobs);
                var clock = Stopwatch.StartNew();
                foreach (var part in messages.Chunk(FillBatch))
                {
                    raw.Publish(part);
                }

                filled.Add(jobs / clock.Elapsed.TotalSeconds);
                clock.Restart();
                var done = 0;
                while (raw.Drain("default", "raw", Batch) is > 0 and var count)
                {
                    done += count;
                }

                drained.Add(done / clock.Elapsed.TotalSeconds);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return new BenchResult("raw", options.Storage, jobs, DrainScenario.Median(drained))
            .Add("per_second_min", drained.Min())
            .Add("per_second_max", drained.Max())
            .Add("bulk_per_second", DrainScenario.Median(filled))
            .Add("batch", Batch)
            .Add("runs", options.Runs);
    }

    private static JobMessage[] Messages(int jobs)
    {
        var ids = new JobIdSource(TimeProvider.System);
        var serializer = new JobSerializer();
        return [.. Enumerable.Range(0, jobs).Select(i => new JobMessage
        {
            Id = ids.Next(),
            Name = "bench.noop",
            Queue = "default",
            Body = JobBody.Encode("bench.noop", JobArguments.Of([i]), serializer),
        })];
    }
}
