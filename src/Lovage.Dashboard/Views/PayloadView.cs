using System.Text;
using System.Text.Json;
using Lovage.Dashboard.Api;
using Lovage.Protocol;

namespace Lovage.Dashboard.Views;

/// <summary>What a job carries, as it may be shown: by name, and no more than a bound.</summary>
internal static class PayloadView
{
    /// <summary>Bytes of arguments, of a result, or of a message that are shown.</summary>
    internal const int ShownMax = 64 * 1024;

    /// <summary>The arguments by name.</summary>
    /// <param name="body">The arguments as they are stored.</param>
    /// <param name="parameters">The names of the handler's parameters; empty when they are not known.</param>
    internal static (IReadOnlyList<Argument> Arguments, bool IsCut) Arguments(
        ReadOnlyMemory<byte> body, IReadOnlyList<string> parameters)
    {
        var arguments = new List<Argument>();
        var left = ShownMax;
        var isCut = false;
        try
        {
            using var document = JsonDocument.Parse(body);
            var position = 0;
            foreach (var value in document.RootElement[0].EnumerateArray())
            {
                Add(position < parameters.Count ? parameters[position] : $"#{position + 1}", value);
                position++;
            }

            foreach (var property in document.RootElement[1].EnumerateObject())
            {
                Add(property.Name, property.Value);
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return ([], true);
        }

        return (arguments, isCut);

        void Add(string name, JsonElement value)
        {
            var shown = Cut(value.GetRawText(), left, out var isShorter);
            left -= Math.Min(left, value.GetRawText().Length);
            isCut |= isShorter;
            arguments.Add(new Argument(name, shown, false));
        }
    }

    /// <summary>The message's body as text.</summary>
    internal static (string Text, bool IsCut) Body(JobMessage message) =>
        message.Body.Length <= ShownMax
            ? (Encoding.UTF8.GetString(message.Body.Span), false)
            : (Encoding.UTF8.GetString(message.Body.Span[..ShownMax]), true);

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
