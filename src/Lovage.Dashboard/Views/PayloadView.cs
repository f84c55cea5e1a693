using System.Text;
using System.Text.Json;
using Lovage.Dashboard.Api;
using Lovage.Dashboard.Sampling;
using Lovage.Protocol;

namespace Lovage.Dashboard.Views;

/// <summary>What a job carries, as it may be shown: by name, and no more than a bound.</summary>
internal static class PayloadView
{
    /// <summary>Bytes of arguments, of a result, or of a message that are shown.</summary>
    internal const int ShownMax = 64 * 1024;

    /// <summary>The arguments by name, without the values that are never shown.</summary>
    internal static (IReadOnlyList<Argument> Arguments, bool IsCut) Arguments(JobMessage message, CatalogJob known)
    {
        var arguments = new List<Argument>();
        var left = ShownMax;
        var isCut = false;
        foreach (var shown in MessageRedactor.Arguments(message, known.Parameters, known.Sensitive))
        {
            var value = Cut(shown.Json, left, out var isShorter);
            left -= Math.Min(left, shown.Json.Length);
            isCut |= isShorter;
            arguments.Add(new Argument(shown.Name, value, shown.IsHidden));
        }

        return (arguments, isCut);
    }

    /// <summary>The message's body as text, without the values that are never shown.</summary>
    internal static (string Text, bool IsCut) Body(JobMessage message, CatalogJob known)
    {
        var text = MessageRedactor.Body(message, known.Parameters, known.Sensitive);
        return text.Length <= ShownMax ? (text, false) : (TextCut.Of(text, ShownMax), true);
    }

    /// <summary>The headers, without those in which Python repeats arguments of which one is hidden.</summary>
    internal static IReadOnlyDictionary<string, string> Headers(JobMessage message, CatalogJob known) =>
        message.SensitiveParameters.IsEmpty && known.Sensitive.IsEmpty
            ? message.Headers
            : message.Headers.Where(static header => !MessageRedactor.RepeatsArguments(header.Key))
                .ToDictionary(StringComparer.Ordinal);

    /// <summary>A JSON text as a value; the beginning of its text when it is too large.</summary>
    internal static JsonElement? Json(ReadOnlyMemory<byte> json, out bool isCut)
    {
        isCut = false;
        return json.IsEmpty ? null : Cut(Encoding.UTF8.GetString(json.Span), ShownMax, out isCut);
    }

    private static JsonElement Cut(string raw, int max, out bool isCut)
    {
        isCut = raw.Length > max;
        try
        {
            if (!isCut)
            {
                using var whole = JsonDocument.Parse(raw);
                return whole.RootElement.Clone();
            }
        }
        catch (JsonException)
        {
            isCut = true;
        }

        using var text = JsonDocument.Parse(
            JsonSerializer.SerializeToUtf8Bytes(TextCut.Of(raw, Math.Max(max, 3)), ApiJson.Default.String));
        return text.RootElement.Clone();
    }
}
