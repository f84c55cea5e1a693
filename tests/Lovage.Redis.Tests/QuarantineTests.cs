using System.Text;
using Lovage.Protocol;
using Lovage.Storage;
using StackExchange.Redis;
using Xunit;

namespace Lovage.Redis.Tests;

/// <summary>Elements that no worker can read, as any program may push them.</summary>
public sealed class QuarantineTests
{
    [Theory]
    [InlineData("")]
    [InlineData("no JSON at all")]
    [InlineData("{}")]
    [InlineData("""{"lovage":"x","body":""}""")]
    [InlineData("""{"headers": {"id": "an-id", "task": "tasks.add"}, "body": "%%%"}""")]
    [InlineData("""{"headers": {"id": "an-id", "task": "tasks.add"}, "body": 1}""")]
    [InlineData("{\"headers\": {\"id\": \"an-id\", \"task\": \"tasks.add\"")]
    public async Task Receive_UnreadableElement_IsSetAsideToTheLetterAndHoldsUpNoOther(string raw)
    {
        var stop = TestContext.Current.CancellationToken;
        var server = await RedisProcess.GetAsync();
        var name = $"q{Math.Abs(raw.GetHashCode(StringComparison.Ordinal))}";
        await using var storage = new RedisStorage(RedisStorageProvider.Parse(
            $"redis://{server.Address}/4?prefix={name}:&global_keyprefix={name}."));
        await storage.OpenAsync(stop);
        await using var foreign = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await foreign.GetDatabase(4).ListLeftPushAsync($"{name}.mail", raw);
        await storage.Broker.PublishAsync(
        [
            new JobMessage
            {
                Id = JobId.Parse("good"),
                Name = "tasks.add",
                Queue = "mail",
                Body = Encoding.UTF8.GetBytes("[[1, 2], {}, {}]"),
            },
        ], stop);
        await using var receiver = storage.Broker.OpenReceiver(
            new WorkerOwner("boot", "1", 2, 3, "one"), ["mail"], TimeSpan.FromSeconds(30));

        var received = await receiver.ReceiveAsync(10, TimeSpan.Zero, stop);

        Assert.Equal("good", Assert.Single(received.Deliveries).Message.Id.Value);
        var kept = Assert.Single(await foreign.GetDatabase(4).HashGetAllAsync($"{name}:quarantine"));
        Assert.EndsWith("|" + raw, kept.Value.ToString(), StringComparison.Ordinal);
        Assert.Equal(["good"], (await storage.History!.QueryAsync(new JobQuery(), stop)).Jobs.Select(j => j.Id.Value));
        Assert.Equal(1, Assert.Single(await storage.Broker.QueuesAsync(stop)).Claimed);
    }
}
