using System.Collections.Concurrent;
using System.Diagnostics;
using Lovage.Specification;
using Lovage.Storage;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>What spans tell about the server.</summary>
public sealed class ServerSpanTests : SchemaTests
{
    [Fact]
    public async Task Receive_Span_NamesTheServer()
    {
        var worker = TestData.Owner("server.span");
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Lovage",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var storage = await OpenAsync(Options);
        await storage.Broker.PublishAsync([Data.Message(), Data.Message()], Stop);

        Assert.Equal(2, (await ReceiveAsync(storage, owner: "server.span")).Count);
        Assert.Empty(await ReceiveAsync(storage, owner: "server.span"));

        var span = Assert.Single(spans, one => worker.Key.Equals(one.GetTagItem("messaging.client.id")));
        Assert.Equal(
            ($"receive {TestData.Queue}", "postgresql", "127.0.0.1", Server.Port, 2),
            (
                span.DisplayName,
                span.GetTagItem("messaging.system"),
                span.GetTagItem("server.address"),
                span.GetTagItem("server.port"),
                span.GetTagItem("messaging.batch.message_count")));
        Assert.InRange(span.Duration, TimeSpan.FromTicks(1), Patience);
    }
}
