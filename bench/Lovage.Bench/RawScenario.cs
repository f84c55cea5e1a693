using System.Diagnostics;
using Lovage.Generated;
using Lovage.PostgreSql;
using Lovage.Protocol;
using Lovage.Sqlite;
using Lovage.Storage;

namespace Lovage.Bench;

/// <summary>
/// Measures what the storage itself allows: the tables, rows and batches of a drain, through one prepared connection
/// and without a worker.
/// </summary>
internal static class RawScenario
{
    private const int Batch = 500;
    private const int FillBatch = 1_000;

    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        return options.Storage == "sqlite" ? await SqliteAsync(options)
            : options.Storage.StartsWith("postgres", StringComparison.Ordinal) ? await PostgreSqlAsync(options)
            : throw new ArgumentException("raw measures --storage sqlite and postgres://...");
    }

    /// <summary>
    /// Makes the storage's own calls one after the other: no worker, no renewal, no handler. Then two such loops run
    /// beside each other, since the server can use both cores.
    /// </summary>
    private static async Task<BenchResult> PostgreSqlAsync(BenchOptions options)
    {
        var jobs = options.Jobs ?? 200_000;
        var (filled, one, two) = (new List<double>(), new List<double>(), new List<double>());
        for (var run = -1; run < options.Runs; run++)
        {
            foreach (var loops in new[] { 1, 2 })
            {
                await using var place = BenchStorage.Create(options.Storage);
                await using var storage = new PostgreSqlStorageProvider().Create(place.Address, TimeProvider.System);
                await storage.OpenAsync(CancellationToken.None);
                var clock = Stopwatch.StartNew();
                foreach (var part in Messages(jobs).Chunk(FillBatch))
                {
                    await storage.Broker.PublishAsync(part, CancellationToken.None);
                }

                var rate = jobs / clock.Elapsed.TotalSeconds;
                clock.Restart();
                var counts = await Task.WhenAll(
                    Enumerable.Range(0, loops).Select(i => Task.Run(() => DrainAsync(storage, i))));
                var drained = counts.Sum() / clock.Elapsed.TotalSeconds;
                if (counts.Sum() != jobs)
                {
                    throw new InvalidOperationException($"{counts.Sum()} of {jobs} jobs were drained.");
                }

                if (run >= 0)
                {
                    filled.Add(rate);
                    (loops == 1 ? one : two).Add(drained);
                }
            }
        }

        return new BenchResult("raw", options.Storage.Split(':')[0], jobs, DrainScenario.Median(one))
            .Add("per_second_min", one.Min())
            .Add("per_second_max", one.Max())
            .Add("two_loops_per_second", DrainScenario.Median(two))
            .Add("bulk_per_second", DrainScenario.Median(filled))
            .Add("batch", Batch)
            .Add("runs", options.Runs);
    }

    private static async Task<int> DrainAsync(JobStorage storage, int number)
    {
        var owner = new WorkerOwner("bench", "0", Environment.ProcessId, 0, $"raw-{number}");
        await using var receiver = storage.Broker.OpenReceiver(owner, ["default"], TimeSpan.FromSeconds(30));
        var done = 0;
        while ((await receiver.ReceiveAsync(Batch, TimeSpan.Zero, CancellationToken.None)).Deliveries
            is { Count: > 0 } deliveries)
        {
            var now = TimeProvider.System.GetUtcNow();
            await storage.Store.SettleAsync(
                [.. deliveries.Select(delivery => new Settlement
                {
                    Token = delivery.Token,
                    Id = delivery.Message.Id,
                    Decision = JobDecision.Succeed,
                    Result = "null"u8.ToArray(),
                    Attempt = new AttemptRecord
                    {
                        Number = 1,
                        End = AttemptEnd.Succeeded,
                        StartedAt = now,
                        Duration = TimeSpan.Zero,
                        Worker = owner.Key,
                    },
                })],
                CancellationToken.None);
            done += deliveries.Count;
        }

        return done;
    }

    private static async Task<BenchResult> SqliteAsync(BenchOptions options)
    {
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
            Origin = "raw@bench",
            Body = JobBody.Encode("bench.noop", JobArguments.Of([i]), serializer),
        })];
    }
}
