using System.Diagnostics.CodeAnalysis;

namespace Lovage.Diagnostics;

/// <summary>Tells an observer something, whatever the observer makes of it.</summary>
/// <remarks>
/// Loggers, their providers and formatters, and the listeners of meters and spans are the app's code. A fault of theirs
/// must change no outcome and end no process: it is counted as an error of the loop <c>listener</c>, and that is all.
/// </remarks>
internal static class Unfailing
{
    /// <summary>Tells.</summary>
    /// <param name="what">What is told.</param>
    /// <param name="tell">Tells it; may throw.</param>
    [SuppressMessage("Design", "CA1031", Justification = "An observer's fault stays the observer's.")]
    internal static void Tell<T>(T what, Action<T> tell)
    {
        try
        {
            tell(what);
        }
        catch (Exception)
        {
            CountFault();
        }
    }

    /// <summary>Counts an observer's fault.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The listener of this counter may be the one that fails.")]
    internal static void CountFault()
    {
        try
        {
            LovageTelemetry.LoopErrors.Add(1, new KeyValuePair<string, object?>("loop", "listener"));
        }
        catch (Exception)
        {
        }
    }
}
