using System.Diagnostics;
using System.Text;
using Lovage.Protocol;
using Lovage.Storage;
using StackExchange.Redis;
using Xunit;

namespace Lovage.Redis.Tests;

/// <summary>
/// Celery's own client and worker on the same database: they take our elements, and read our records, although both
/// hold members of ours.
/// </summary>
public sealed class CeleryTests
{
    private const string Python = "/usr/bin/python3";

    // A worker in the same process as the client, with one task, that ends when its input does.
    private const string App = """
        import sys, os, celery
        url = 'redis://127.0.0.1:%s/%s' % (sys.argv[1], sys.argv[2])
        app = celery.Celery('fleet', broker=url, backend=url)
        app.conf.update(task_default_queue='mixed', worker_hijack_root_logger=False)

        @app.task(name='tasks.add', bind=True, max_retries=3)
        def add(self, a, b):
            if a < 0 and self.request.retries < 2:
                raise self.retry(countdown=0)
            if b == 0:
                raise ValueError('b is 0')
            return a + b

        if sys.argv[3] == 'worker':
            app.worker_main(['worker', '-P', 'solo', '-l', 'WARNING', '--without-gossip', '--without-mingle',
                             '-Q', 'mixed'])
        else:
            result = app.AsyncResult(sys.argv[4])
            try:
                print(result.get(timeout=20))
            except Exception as e:
                print(type(e).__name__, e)
        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task Worker_OfPython_RunsRetriesAndFailsOurJobs()
    {
        await using var fleet = await FleetAsync(2);
        JobMessage[] messages =
        [
            Message("one", "[[2, 3], {}, {}]"),
            Message("two", "[[-4, 1], {}, {}]"),
            Message("three", "[[1, 0], {}, {}]"),
        ];
        await fleet.Storage.Broker.PublishAsync(messages, Stop);
        using var worker = fleet.Start("worker");
        var records = new List<JobRecord?>();
        for (var i = 0; i < 300 && !(records.Count == 3 && records.TrueForAll(static r => r!.IsFinal)); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Stop);
            records = [.. await fleet.Storage.History!.FindAsync([.. messages.Select(static m => m.Id)], Stop)];
        }

        worker.Kill(entireProcessTree: true);
        Assert.Equal(
            [JobState.Succeeded, JobState.Succeeded, JobState.Failed], records.Select(static record => record!.State));
        Assert.Equal(["5", "-3"], records.Take(2).Select(static r => Encoding.UTF8.GetString(r!.Result.Span)));
        Assert.Equal("b is 0", records[2]!.Error?.Message);

        // A person's changes find them ended and in no queue.
        Assert.Equal(
            [ChangeStatus.Changed, ChangeStatus.Changed],
            (await fleet.Storage.Store.RequeueAsync([messages[0].Id, messages[2].Id], Stop)).Select(r => r.Status));
        Assert.Equal(
            [ChangeStatus.Changed],
            (await fleet.Storage.Store.DeleteAsync([messages[1].Id], Stop)).Select(static r => r.Status));
        Assert.Equal(2, Assert.Single(await fleet.Storage.Broker.QueuesAsync(Stop)).Ready);
    }

    [Fact(Timeout = 120_000)]
    public async Task Client_OfPython_ReadsOurResults()
    {
        await using var fleet = await FleetAsync(3);
        var (good, bad) = (Message("good", "[[2, 3], {}, {}]"), Message("bad", "[[2, 0], {}, {}]"));
        await fleet.Storage.Broker.PublishAsync([good, bad], Stop);
        await using var receiver = fleet.Storage.Broker.OpenReceiver(
            new WorkerOwner("boot", "1", 2, 3, "celery"), ["mixed"], TimeSpan.FromSeconds(30));
        var deliveries = (await receiver.ReceiveAsync(2, TimeSpan.Zero, Stop)).Deliveries;
        await fleet.Storage.Store.SettleAsync(
        [
            Outcome(deliveries[0], JobDecision.Succeed, "5"u8.ToArray(), null),
            Outcome(
                deliveries[1], JobDecision.Fail, default, new JobError("System.ArgumentException", "b is 0", "at X()")),
        ], Stop);

        Assert.Equal("5", await fleet.ReadAsync("good"));
        Assert.Equal("ArgumentException b is 0", await fleet.ReadAsync("bad"));
    }

    private static Settlement Outcome(
        Delivery delivery, JobDecision decision, ReadOnlyMemory<byte> result, JobError? error) => new()
        {
            Token = delivery.Token,
            Id = delivery.Message.Id,
            Decision = decision,
            Result = result,
            Attempt = new AttemptRecord
            {
                Number = 1,
                End = error is null ? AttemptEnd.Succeeded : AttemptEnd.Failed,
                StartedAt = TimeProvider.System.GetUtcNow(),
                Duration = TimeSpan.FromMilliseconds(1),
                Worker = "w",
                Error = error,
            },
        };

    private static JobMessage Message(string id, string body) => new()
    {
        Id = JobId.Parse(id),
        Name = "tasks.add",
        Queue = "mixed",
        Body = Encoding.UTF8.GetBytes(body),
    };

    private static async Task<Fleet> FleetAsync(int database)
    {
        var server = await RedisProcess.GetAsync();
        Assert.SkipUnless(
            await Fleet.HasCeleryAsync(), "Celery is not installed for /usr/bin/python3 (python3-celery).");
        var storage = new RedisStorage(RedisStorageProvider.Parse($"redis://{server.Address}/{database}"));
        await storage.OpenAsync(Stop);
        return new Fleet(storage, server.Port, database);
    }

    private sealed class Fleet(RedisStorage storage, int port, int database) : IAsyncDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("lovage-celery-").FullName;

        public RedisStorage Storage => storage;

        public static async Task<bool> HasCeleryAsync()
        {
            if (!File.Exists(Python))
            {
                return false;
            }

            using var process = Process.Start(
                new ProcessStartInfo(Python, ["-c", "import celery, redis"]) { RedirectStandardError = true })!;
            await process.WaitForExitAsync(Stop);
            return process.ExitCode == 0;
        }

        public Process Start(params string[] arguments)
        {
            var script = Path.Combine(_folder, "fleet.py");
            File.WriteAllText(script, App);
            return Process.Start(new ProcessStartInfo(Python, [script, $"{port}", $"{database}", .. arguments])
            {
                WorkingDirectory = _folder,
                RedirectStandardOutput = true,
            })!;
        }

        public async Task<string> ReadAsync(string id)
        {
            using var process = Start("read", id);
            var text = await process.StandardOutput.ReadToEndAsync(Stop);
            await process.WaitForExitAsync(Stop);
            return text.Trim();
        }

        public async ValueTask DisposeAsync()
        {
            await storage.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
