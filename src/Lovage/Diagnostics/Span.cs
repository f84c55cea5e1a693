using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Lovage.Diagnostics;

/// <summary>A span around a call: the flow's current activity until it is disposed.</summary>
/// <remarks>
/// Listeners of spans are the app's code. One that throws gets no span, or no end of one; the call goes on.
/// </remarks>
internal readonly struct Span : IDisposable
{
    private readonly Activity? _before;

    private Span(Activity? activity, Activity? before)
    {
        Activity = activity;
        _before = before;
    }

    /// <summary>Null when nothing listens.</summary>
    internal Activity? Activity { get; }

    [SuppressMessage("Design", "CA1031", Justification = "A listener's fault stays the listener's.")]
    internal static Span Start(string name, ActivityKind kind)
    {
        if (!LovageTelemetry.Source.HasListeners())
        {
            return default;
        }

        var before = System.Diagnostics.Activity.Current;
        try
        {
            return new Span(LovageTelemetry.Source.StartActivity(name, kind), before);
        }
        catch (Exception)
        {
            System.Diagnostics.Activity.Current = before;
            Unfailing.CountFault();
            return default;
        }
    }

    /// <summary>
    /// Starts the span of work that another span has asked for: a child, or the first span of a trace of its own.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="asked">The span that asked for the work; the default value for none.</param>
    /// <param name="links">True when it begins a trace of its own, with a link to that span.</param>
    /// <returns>Null when no listener wants it.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "A listener's fault stays the listener's.")]
    internal static Activity? StartRelated(string name, ActivityKind kind, ActivityContext asked, bool links)
    {
        var before = System.Diagnostics.Activity.Current;
        Activity? started = null;
        try
        {
            if (asked != default && !links)
            {
                return started = LovageTelemetry.Source.StartActivity(name, kind, asked);
            }

            // The flow's current activity would become its parent, for want of another one.
            System.Diagnostics.Activity.Current = null;
            return started = LovageTelemetry.Source.StartActivity(
                name, kind, parentContext: default, links: asked == default ? null : [new ActivityLink(asked)]);
        }
        catch (Exception)
        {
            Unfailing.CountFault();
            return null;
        }
        finally
        {
            if (started is null)
            {
                System.Diagnostics.Activity.Current = before;
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A listener's fault stays the listener's.")]
    public void Dispose()
    {
        try
        {
            Activity?.Dispose();
        }
        catch (Exception)
        {
            System.Diagnostics.Activity.Current = _before;
            Unfailing.CountFault();
        }
    }
}
