using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Lovage.Protocol;

/// <summary>
/// Which texts are a W3C trace context (sections 3.2 and 3.3), and how a job's headers carry one.
/// </summary>
internal static class TraceContext
{
    /// <summary>
    /// The header of a job that was enqueued in a collection; its value is 1. Only jobs that carry a trace have it.
    /// </summary>
    internal const string Batch = "lovage_batch";

    private const string Parent = "traceparent";
    private const string State = "tracestate";
    private const string Baggage = "baggage";
    private const int ParentLength = 55;
    private const int StateLengthMax = 512;
    private const int BaggageLengthMax = 4 * 1024;
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    // It writes and reads the header baggage as W3C has it.
    private static readonly DistributedContextPropagator W3C = DistributedContextPropagator.CreateW3CPropagator();

    /// <summary>
    /// The headers with the caller's trace and baggage, unless they carry a trace already or the caller has none.
    /// </summary>
    /// <param name="headers">The job's own headers.</param>
    /// <param name="isBatch">True for a job of a collection, which is marked as one.</param>
    internal static ImmutableDictionary<string, string> WithCaller(
        ImmutableDictionary<string, string> headers, bool isBatch = false)
    {
        if (Activity.Current is not { IdFormat: ActivityIdFormat.W3C } current || headers.ContainsKey(Parent))
        {
            return headers;
        }

        return WithBaggage(isBatch ? WithBatch(headers, current) : With(headers, current), current);
    }

    /// <summary>The headers of a job of a collection with an activity's trace, marked where there is room.</summary>
    internal static ImmutableDictionary<string, string> WithBatch(
        ImmutableDictionary<string, string> headers, Activity activity)
    {
        headers = With(headers, activity);
        return headers.Count < JobNames.HeaderCountMax ? headers.SetItem(Batch, "1") : headers;
    }

    /// <summary>The headers without what belongs to the moment of enqueuing.</summary>
    internal static ImmutableDictionary<string, string> Without(ImmutableDictionary<string, string> headers) =>
        headers.RemoveRange([Parent, State, Baggage, Batch]);

    /// <summary>The context that the headers carry; the default value when there is none, or none that can be
    /// read.</summary>
    internal static ActivityContext Read(ImmutableDictionary<string, string> headers) =>
        ActivityContext.TryParse(
            headers.GetValueOrDefault(Parent), headers.GetValueOrDefault(State), isRemote: true, out var context)
            ? context
            : default;

    /// <summary>Gives an activity the baggage that the headers carry.</summary>
    internal static void AddBaggage(Activity activity, ImmutableDictionary<string, string> headers)
    {
        if (headers.ContainsKey(Baggage) && W3C.ExtractBaggage(headers, Get) is { } items)
        {
            foreach (var (name, value) in items)
            {
                activity.AddBaggage(name, value);
            }
        }

        static void Get(object? carrier, string field, out string? value, out IEnumerable<string>? values)
        {
            value = ((ImmutableDictionary<string, string>)carrier!).GetValueOrDefault(field);
            values = null;
        }
    }

    /// <summary>The headers with an activity's trace; unchanged when it is not in W3C's format.</summary>
    internal static ImmutableDictionary<string, string> With(
        ImmutableDictionary<string, string> headers, Activity activity)
    {
        if (activity.IdFormat != ActivityIdFormat.W3C)
        {
            return headers;
        }

        headers = headers.SetItem(Parent, activity.Id!);
        return string.IsNullOrEmpty(activity.TraceStateString)
            ? headers
            : headers.SetItem(State, activity.TraceStateString);
    }

    /// <summary>
    /// The headers with an activity's baggage; unchanged when there is none, or when it finds no room among them. The
    /// wire has a bound for headers, and a message past it would be refused.
    /// </summary>
    private static ImmutableDictionary<string, string> WithBaggage(
        ImmutableDictionary<string, string> headers, Activity activity)
    {
        if (headers.ContainsKey(Baggage) || headers.Count >= JobNames.HeaderCountMax || !activity.Baggage.Any())
        {
            return headers;
        }

        string? text = null;
        W3C.Inject(activity, null, (_, field, value) => text = field == Baggage ? value : text);
        return text is { Length: > 0 and <= BaggageLengthMax }
            && headers.Sum(static header => Bytes(header.Key) + Bytes(header.Value)) + Bytes(Baggage) + Bytes(text)
                <= JobNames.HeaderBytesMax
            ? headers.SetItem(Baggage, text)
            : headers;

        static int Bytes(string text) => Encoding.UTF8.GetByteCount(text);
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
