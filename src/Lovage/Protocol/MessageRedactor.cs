using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Ways = System.Collections.Immutable.ImmutableArray<System.Collections.Immutable.ImmutableArray<string>>;

namespace Lovage.Protocol;

/// <summary>One argument as it may be shown.</summary>
/// <param name="Name">Its parameter's name; <c>#2</c> for one by position whose name is not known.</param>
/// <param name="IsPositional">True when it is given by position.</param>
/// <param name="IsHidden">True when its whole value is hidden.</param>
/// <param name="Json">Its value as JSON, <c>"[hidden]"</c> in the place of what is hidden.</param>
internal sealed record ShownArgument(string Name, bool IsPositional, bool IsHidden, string Json);

/// <summary>
/// Shows what a message carries without the values of its sensitive arguments. Nothing else may hand out a body.
/// </summary>
/// <remarks>
/// Stateless, safe for use by several threads. It never throws for a body: of one that cannot be read it shows nothing
/// when an argument of it is sensitive.
/// </remarks>
internal static class MessageRedactor
{
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = WireJson.DepthMax };

    /// <summary>The arguments, in their order.</summary>
    /// <param name="message">The message.</param>
    /// <param name="parameters">The names of the parameters in their order, for arguments by position; null where they
    /// are not known.</param>
    /// <param name="sensitive">What the job's definition hides, beside what the message says; empty for none.</param>
    internal static IReadOnlyList<ShownArgument> Arguments(
        JobMessage message, IReadOnlyList<string>? parameters = null, ImmutableArray<string> sensitive = default)
    {
        var values = Values(message, sensitive);
        try
        {
            using var document = JsonDocument.Parse(message.Body, Reading);
            var (args, kwargs) = (document.RootElement[0], document.RootElement[1]);
            var shown = new List<ShownArgument>();
            foreach (var argument in args.EnumerateArray())
            {
                var name = shown.Count < parameters?.Count ? parameters[shown.Count] : null;
                var ways = values.InPositional(shown.Count + 1, name);
                shown.Add(new ShownArgument(
                    name ?? string.Create(CultureInfo.InvariantCulture, $"#{shown.Count + 1}"),
                    IsPositional: true,
                    ways is null,
                    Text(argument, ways)));
            }

            foreach (var argument in kwargs.EnumerateObject())
            {
                var ways = values.InKeyword(argument.Name);
                shown.Add(new ShownArgument(
                    argument.Name, IsPositional: false, ways is null, Text(argument.Value, ways)));
            }

            return shown;
        }
        catch (Exception fault) when (SensitiveValues.IsMalformed(fault))
        {
            return [];
        }
    }

    /// <summary>
    /// The body as it is stored, or written anew when it holds what is hidden. Then the fields of a workflow are hidden
    /// too, since another job's arguments may repeat the value.
    /// </summary>
    /// <inheritdoc cref="Arguments"/>
    internal static string Body(
        JobMessage message, IReadOnlyList<string>? parameters = null, ImmutableArray<string> sensitive = default) =>
        Encoding.UTF8.GetString(BodyBytes(message, parameters, sensitive).Span);

    /// <inheritdoc cref="Body"/>
    internal static ReadOnlyMemory<byte> BodyBytes(
        JobMessage message, IReadOnlyList<string>? parameters = null, ImmutableArray<string> sensitive = default)
    {
        var values = Values(message, sensitive);
        if (values.IsEmpty)
        {
            return message.Body;
        }

        try
        {
            using var document = JsonDocument.Parse(message.Body, Reading);
            return Written(json => WriteBody(json, document.RootElement, parameters, values));
        }
        catch (Exception fault) when (SensitiveValues.IsMalformed(fault))
        {
            return Written(static json => json.WriteStringValue(SensitiveValues.Hidden));
        }
    }

    /// <summary>
    /// Header fields that the model does not know, as a JSON object: those in which Python repeats the arguments are
    /// hidden when an argument is. Empty when there are none.
    /// </summary>
    /// <inheritdoc cref="Arguments"/>
    internal static string Extra(JobMessage message, ImmutableArray<string> sensitive = default)
    {
        if (message.Extra.IsEmpty || Values(message, sensitive).IsEmpty)
        {
            return Encoding.UTF8.GetString(message.Extra.Span);
        }

        try
        {
            using var document = JsonDocument.Parse(message.Extra, Reading);
            return Encoding.UTF8.GetString(Written(json =>
            {
                json.WriteStartObject();
                foreach (var field in document.RootElement.EnumerateObject())
                {
                    json.WritePropertyName(field.Name);
                    Write(json, field.Value, RepeatsArguments(field.Name) ? null : []);
                }

                json.WriteEndObject();
            }).Span);
        }
        catch (Exception fault) when (SensitiveValues.IsMalformed(fault))
        {
            return "";
        }
    }

    /// <summary>
    /// The result of a message's job as JSON; the same bytes when all of it is shown, empty when none of it is.
    /// </summary>
    /// <param name="result">The result as it is stored.</param>
    /// <param name="message">The message.</param>
    /// <param name="sensitive">What the job's definition hides, beside what the message says; empty for none.</param>
    internal static ReadOnlyMemory<byte> Result(
        ReadOnlyMemory<byte> result, JobMessage message, ImmutableArray<string> sensitive = default)
    {
        var ways = Values(message, sensitive).InResult;
        if (result.IsEmpty || ways is { IsEmpty: true })
        {
            return result;
        }

        try
        {
            using var document = JsonDocument.Parse(result, Reading);
            return ways is null || SensitiveValues.IsHiddenScalar(document.RootElement)
                ? default
                : Written(json => Write(json, document.RootElement, ways));
        }
        catch (Exception fault) when (SensitiveValues.IsMalformed(fault))
        {
            return default;
        }
    }

    /// <summary>True for a header in which Python repeats the arguments.</summary>
    internal static bool RepeatsArguments(string header) => header is "argsrepr" or "kwargsrepr";

    private static SensitiveValues Values(JobMessage message, ImmutableArray<string> sensitive) =>
        new(SensitiveName.Union(message.SensitiveParameters, sensitive.IsDefault ? [] : sensitive));

    private static void WriteBody(
        Utf8JsonWriter json, JsonElement body, IReadOnlyList<string>? parameters, SensitiveValues values)
    {
        json.WriteStartArray();
        json.WriteStartArray();
        var position = 0;
        foreach (var argument in body[0].EnumerateArray())
        {
            var name = position < parameters?.Count ? parameters[position] : null;
            Write(json, argument, values.InPositional(++position, name));
        }

        json.WriteEndArray();
        json.WriteStartObject();
        foreach (var argument in body[1].EnumerateObject())
        {
            json.WritePropertyName(argument.Name);
            Write(json, argument.Value, values.InKeyword(argument.Name));
        }

        json.WriteEndObject();
        foreach (var embed in body.EnumerateArray().Skip(2))
        {
            WriteEmbed(json, embed);
        }

        json.WriteEndArray();
    }

    private static void WriteEmbed(Utf8JsonWriter json, JsonElement embed)
    {
        if (embed.ValueKind != JsonValueKind.Object)
        {
            Write(json, embed, embed.ValueKind == JsonValueKind.Null ? [] : null);
            return;
        }

        json.WriteStartObject();
        foreach (var field in embed.EnumerateObject())
        {
            json.WritePropertyName(field.Name);
            Write(json, field.Value, field.Value.ValueKind == JsonValueKind.Null ? [] : null);
        }

        json.WriteEndObject();
    }

    private static string Text(JsonElement value, Ways? ways) =>
        ways is { IsEmpty: true }
            ? Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(value))
            : Encoding.UTF8.GetString(Written(json => Write(json, value, ways)).Span);

    private static void Write(Utf8JsonWriter json, JsonElement value, Ways? ways)
    {
        if (ways is not { } some || (!some.IsEmpty && SensitiveValues.IsHiddenScalar(value)))
        {
            json.WriteStringValue(SensitiveValues.Hidden);
        }
        else if (some.IsEmpty)
        {
            json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            json.WriteStartObject();
            foreach (var member in value.EnumerateObject())
            {
                json.WritePropertyName(member.Name);
                Write(json, member.Value, SensitiveValues.Into(some, member.Name));
            }

            json.WriteEndObject();
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            json.WriteStartArray();
            foreach (var element in value.EnumerateArray())
            {
                Write(json, element, some);
            }

            json.WriteEndArray();
        }
        else
        {
            json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
        }
    }

    private static ReadOnlyMemory<byte> Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        return buffer.WrittenMemory;
    }
}
