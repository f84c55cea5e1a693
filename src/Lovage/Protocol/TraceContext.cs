using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Lovage.Protocol;

/// <summary>
/// Which texts are a W3C trace context (sections 3.2 and 3.3), and how a job's headers carry one.
/// </summary>
internal static class TraceContext
{
    /// <summary>The headers of a trace.</summary>
    internal static readonly string[] Names = ["traceparent", "tracestate"];

    private const int ParentLength = 55;
    private const int StateLengthMax = 512;
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>The headers with the caller's trace, unless they carry one already or the caller has none.</summary>
    internal static ImmutableDictionary<string, string> WithCaller(ImmutableDictionary<string, string> headers) =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } current && !headers.ContainsKey("traceparent")
            ? With(headers, current)
            : headers;

    /// <summary>The headers with an activity's trace; unchanged when it is not in W3C's format.</summary>
    internal static ImmutableDictionary<string, string> With(
        ImmutableDictionary<string, string> headers, Activity activity)
    {
        if (activity.IdFormat != ActivityIdFormat.W3C)
        {
            return headers;
        }

        headers = headers.SetItem("traceparent", activity.Id!);
        return string.IsNullOrEmpty(activity.TraceStateString)
            ? headers
            : headers.SetItem("tracestate", activity.TraceStateString);
    }

    internal static bool IsValidParent([NotNullWhen(true)] string? value)
    {
        if (value is null || value.Length < ParentLength || value[2] != '-' || value[35] != '-' || value[52] != '-')
        {
            return false;
        }

        ReadOnlySpan<char> text = value;
        var version = text[..2];
        var trace = text[3..35];
        var span = text[36..52];
        return !version.ContainsAnyExcept(Hex) && !version.SequenceEqual("ff")
            && !trace.ContainsAnyExcept(Hex) && trace.ContainsAnyExcept('0')
            && !span.ContainsAnyExcept(Hex) && span.ContainsAnyExcept('0')
            && !text[53..ParentLength].ContainsAnyExcept(Hex)
            && (value.Length == ParentLength || (!version.SequenceEqual("00")
                && value[ParentLength] == '-'
                && value.Length <= StateLengthMax
                && !HasControls(text)));
    }

    internal static bool IsValidState([NotNullWhen(true)] string? value) =>
        value is { Length: > 0 and <= StateLengthMax } && !HasControls(value);

    private static bool HasControls(ReadOnlySpan<char> text) => text.ContainsAnyExceptInRange(' ', '~');
}
