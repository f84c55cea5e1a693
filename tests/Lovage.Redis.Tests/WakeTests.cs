using System.Diagnostics;
using System.Text;
using Lovage.Protocol;
using Lovage.Storage;
using StackExchange.Redis;
using Xunit;

namespace Lovage.Redis.Tests;

/// <summary>Elements that another program pushes wake an idle receiver at once.</summary>
public sealed class WakeTests
{
    [Fact(Timeout = 60_000)]
    public async Task Receive_Idle_IsWokenByAForeignPush()
    {
        var server = await RedisProcess.GetAsync();
        await using var storage = new RedisStorage(RedisStorageProvider.Parse(
            $"redis://{server.Address}/1?prefix=wake:&global_keyprefix=wake."));
        await storage.OpenAsync(TestContext.Current.CancellationToken);
        await using var receiver = storage.Broker.OpenReceiver(
            new WorkerOwner("boot", "1", 2, 3, "wake"), ["mail"], TimeSpan.FromSeconds(30));
        await using var foreign = await ConnectionMultiplexer.ConnectAsync(server.Address);
        var times = new List<double>();
        for (var i = 0; i < 40; i++)
        {
            // An hour: only a push can end the wait in time.
            // Of one and of several: a receive that took all there was must hear of the next push as well.
            var waiting = receiver.ReceiveAsync(
                i % 2 == 0 ? 1 : 10, TimeSpan.FromHours(1), TestContext.Current.CancellationToken);
            await Task.Delay(TimeSpan.FromMilliseconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
            var pushed = Stopwatch.GetTimestamp();
            await foreign.GetDatabase(1).ListLeftPushAsync("wake.mail", Envelope(i));
            var received = await waiting;
            times.Add(Stopwatch.GetElapsedTime(pushed).TotalMilliseconds);
            Assert.Equal("tasks.add", Assert.Single(received.Deliveries).Message.Name);
        }

        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"p50 {times[times.Count / 2]:F2} ms, worst {times[^1]:F2} ms");
        Assert.True(times[times.Count / 2] < 500, $"p50 {times[times.Count / 2]:F2} ms");
    }

    private static byte[] Envelope(int i) => CeleryEnvelope.Encode(
        new JobMessage
        {
            Id = JobId.Parse($"foreign-{i}"),
            Name = "tasks.add",
            Queue = "mail",
            Body = Encoding.UTF8.GetBytes("[[1, 2], {}, {}]"),
        },
        $"tag-{i}",
        TimeProvider.System.GetUtcNow());
}
