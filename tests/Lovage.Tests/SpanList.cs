using System.Collections.Concurrent;
using System.Diagnostics;

namespace Lovage.Tests;

/// <summary>The spans of Lovage that a test knows by their names; other tests run beside it in the process.</summary>
internal sealed class SpanList : IDisposable
{
    private readonly ConcurrentQueue<Activity> _all = new();
    private readonly ActivityListener _listener;

    /// <param name="isOurs">Says by its name whether a span is the test's.</param>
    internal SpanList(Func<string, bool> isOurs)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is "Lovage" or "test",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => isOurs(options.Name)
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.None,

            // Listeners of other tests start spans too, and their ends are told to all listeners.
            ActivityStopped = span =>
            {
                if (isOurs(span.OperationName))
                {
                    _all.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Those that have ended, in the order of their ends.</summary>
    internal IReadOnlyList<Activity> All => [.. _all];

    internal IReadOnlyList<Activity> Named(string name) => [.. _all.Where(span => span.DisplayName == name)];

    /// <summary>How a span relates to another one: child, link or none.</summary>
    internal static string Relation(Activity span, ActivityContext asked)
    {
        if (span.ParentSpanId == asked.SpanId)
        {
            Assert.Equal(asked.TraceId, span.TraceId);
            Assert.Empty(span.Links);
            return "child";
        }

        Assert.Equal(default, span.ParentSpanId);
        Assert.NotEqual(asked.TraceId, span.TraceId);
        var links = span.Links.ToArray();
        return links.Length == 0 ? "none"
            : (Assert.Single(links).Context.TraceId, links[0].Context.SpanId) == (asked.TraceId, asked.SpanId) ? "link"
            : "another";
    }

    public void Dispose() => _listener.Dispose();
}
