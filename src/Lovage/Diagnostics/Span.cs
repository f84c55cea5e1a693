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
