using System.Collections.Immutable;
using System.Diagnostics;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

/// <summary>What a job's headers take along from its caller.</summary>
public sealed class TraceContextTests
{
    private static readonly ImmutableDictionary<string, string> None = ImmutableDictionary<string, string>.Empty;

    [Fact]
    public void WithCaller_NoActivity_AddsNothing()
    {
        Assert.Null(Activity.Current);

        Assert.Same(None, TraceContext.WithCaller(None, isBatch: true));
    }

    [Fact]
    public void WithCaller_ActivityWithBaggage_TakesAllAlong()
    {
        using var activity = Begin();
        activity.TraceStateString = "vendor=1";
        activity.AddBaggage("tenant", "acme & söhne");

        var headers = TraceContext.WithCaller(None.Add("own", "1"));

        Assert.Equal(["baggage", "own", "traceparent", "tracestate"], headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((activity.Id, "vendor=1"), (headers["traceparent"], headers["tracestate"]));
        Assert.True(headers["baggage"].All(char.IsAscii));
        using var other = new Activity("other").Start();
        TraceContext.AddBaggage(other, headers);
        Assert.Equal("acme & söhne", other.GetBaggageItem("tenant"));
        Assert.Equal(["own"], TraceContext.Without(headers).Keys);
    }

    [Fact]
    public void WithCaller_JobOfACollection_IsMarked()
    {
        using var activity = Begin();

        Assert.Equal("1", TraceContext.WithCaller(None, isBatch: true)["lovage_batch"]);
        Assert.DoesNotContain("lovage_batch", TraceContext.WithCaller(None));
    }

    [Fact]
    public void WithCaller_HeadersOfTheJobsOwn_Stay()
    {
        using var activity = Begin();
        activity.AddBaggage("a", "b");
        var own = None.Add("traceparent", "theirs");

        Assert.Same(own, TraceContext.WithCaller(own, isBatch: true));
        Assert.Equal("mine", TraceContext.WithCaller(None.Add("baggage", "mine"))["baggage"]);
    }

    [Theory]
    [InlineData(5_000, 0, 0)]
    [InlineData(3_000, 6_000, 0)]
    [InlineData(10, 0, 64)]
    public void WithCaller_NoRoomForBaggage_LeavesItOut(int baggage, int bytes, int headers)
    {
        using var activity = Begin();
        activity.AddBaggage("a", new string('x', baggage));
        var own = bytes > 0 ? None.Add("own", new string('y', bytes)) : None;
        own = own.AddRange(Enumerable.Range(0, headers).Select(static i => KeyValuePair.Create($"h{i}", "1")));

        var with = TraceContext.WithCaller(own, isBatch: true);

        Assert.DoesNotContain("baggage", with);
        Assert.Equal(activity.Id, with["traceparent"]);
        Assert.Equal(headers == 0, with.ContainsKey("lovage_batch"));
    }

    private static Activity Begin() =>
        new Activity("caller").SetIdFormat(ActivityIdFormat.W3C).Start();
}
