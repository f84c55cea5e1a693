using System.Buffers;
using System.Text;
using Lovage.AspNetCore.Metrics;
using Lovage.AspNetCore.Tests.Sites;
using Xunit;

namespace Lovage.AspNetCore.Tests;

/// <summary>Workers and queues under the names of the Prometheus exporter for Celery.</summary>
public sealed class CeleryQueuesTests
{
    private readonly TestClock _clock = new();
    private StorageReading? _reading;

    [Fact]
    public async Task Hosts_WithoutALiveWorker_AreZeroForAWhile()
    {
        var (gauges, queues) = Make();
        using var own = gauges;
        _reading = new StorageReading(
            [], [Worker("one", 2, "a"), Worker("one", 3, "a", "b"), Worker("two", 1)], [], null);

        var page = await ReadAsync(gauges, queues);
        Assert.Equal(
            (1, 5, 1, 1),
            (
                page.Value("celery_worker_up", ("hostname", "one")),
                page.Value("celery_worker_tasks_active", ("hostname", "one")),
                page.Value("celery_worker_up", ("hostname", "two")),
                page.Value("celery_worker_tasks_active", ("hostname", "two"))));
        Assert.Equal(
            (2, 1, 20, 10),
            (
                page.Value("celery_active_worker_count", ("queue_name", "a")),
                page.Value("celery_active_consumer_count", ("queue_name", "b")),
                page.Value("celery_active_process_count", ("queue_name", "a")),
                page.Value("celery_active_process_count", ("queue_name", "b"))));
        Assert.Equal(0, page.Value("celery_queue_length", ("queue_name", "a")));

        _reading = _reading with { Workers = [Worker("two", 1)] };
        _clock.Advance(CeleryQueues.Kept);
        page = await ReadAsync(gauges, queues);
        Assert.Equal(0, page.Value("celery_worker_up", ("hostname", "one")));
        Assert.Equal(0, page.Value("celery_worker_tasks_active", ("hostname", "one")));
        Assert.Equal(1, page.Value("celery_worker_up", ("hostname", "two")));

        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(
            "two", Assert.Single((await ReadAsync(gauges, queues)).Of("celery_worker_up")).Labels["hostname"]);
    }

    [Fact]
    public async Task Storage_ThatKeepsNoWorkers_HasQueuesAlone()
    {
        var (gauges, queues) = Make();
        using var own = gauges;
        _reading = new StorageReading([new("q\"1", 4, 2, 1, null, Paused: false, null)], null, [], null);

        var page = await ReadAsync(gauges, queues);

        Assert.Equal(["celery_queue_length"], page.Types.Keys);
        Assert.Equal(4, page.Value("celery_queue_length", ("queue_name", "q\"1")));
    }

    [Fact]
    public async Task Storage_ThatCannotBeRead_HasNothing()
    {
        var (gauges, queues) = Make();
        using var own = gauges;
        await gauges.ReadAsync();
        var page = new ArrayBufferWriter<byte>();

        queues.Write(page);

        Assert.Equal(0, page.WrittenCount);
    }

    private (StorageGauges Gauges, CeleryQueues Queues) Make()
    {
        var gauges = new StorageGauges(
            _ => _reading is { } reading ? Task.FromResult(reading) : throw new InvalidOperationException(), _clock);
        return (gauges, new CeleryQueues(gauges, _clock));
    }

    private static async Task<PrometheusPage> ReadAsync(StorageGauges gauges, CeleryQueues queues)
    {
        await gauges.ReadAsync();
        var page = new ArrayBufferWriter<byte>();
        queues.Write(page);
        return PrometheusPage.Parse(Encoding.UTF8.GetString(page.WrittenSpan));
    }

    private static WorkerRecord Worker(string host, int running, params string[] queues) => new()
    {
        Owner = $"{host}/{running}",
        Host = host,
        ProcessId = running,
        Version = "",
        StartedAt = default,
        BeatAt = default,
        Queues = queues,
        Slots = 10,
        Running = running,
        Names = [],
    };
}
