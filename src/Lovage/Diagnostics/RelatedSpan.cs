using System.Diagnostics;

namespace Lovage.Diagnostics;

/// <summary>Starts the span of work that another span has asked for.</summary>
internal static class RelatedSpan
{
    /// <summary>Starts it: a child, or the first span of a trace of its own.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="asked">The span that asked for the work; the default value for none.</param>
    /// <param name="links">True when it begins a trace of its own, with a link to that span.</param>
    /// <returns>Null when no listener wants it.</returns>
    internal static Activity? Start(string name, ActivityKind kind, ActivityContext asked, bool links)
    {
        if (asked != default && !links)
        {
            return LovageTelemetry.Source.StartActivity(name, kind, asked);
        }

        // The flow's current activity would become its parent, for want of another one.
        var before = Activity.Current;
        Activity.Current = null;
        Activity? started = null;
        try
        {
            return started = LovageTelemetry.Source.StartActivity(
                name, kind, parentContext: default, links: asked == default ? null : [new ActivityLink(asked)]);
        }
        finally
        {
            if (started is null)
            {
                Activity.Current = before;
            }
        }
    }
}
