using System.Text.Json;

namespace Lovage.Protocol;

/// <summary>
/// An exception as the result record carries it, <c>{"exc_type", "exc_message", "exc_module"}</c>
/// (celery/backends/base.py, <c>prepare_exception</c>). Names and text: nothing here ever leads to a type being loaded.
/// </summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed record CeleryError
{
    private const int TextLengthMax = 1024;

    /// <summary>The class, without its module: <c>ValueError</c>, <c>SocketException</c>.</summary>
    public required string Type { get; init; }

    /// <summary>
    /// Its module or namespace: <c>builtins</c>, <c>System.Net.Sockets</c>; null when it was not said.
    /// </summary>
    public string? Module { get; init; }

    /// <summary>
    /// The constructor's arguments as one JSON value: Python writes an array, others may write a text. <c>[]</c> by
    /// default.
    /// </summary>
    public ReadOnlyMemory<byte> Arguments { get; init; } = "[]"u8.ToArray();

    /// <summary>
    /// The arguments as text, for people: the texts of the array, others as JSON, with commas between.
    /// </summary>
    public string Message
    {
        get
        {
            using var arguments = JsonDocument.Parse(Arguments);
            return arguments.RootElement.ValueKind == JsonValueKind.Array
                ? string.Join(", ", arguments.RootElement.EnumerateArray().Select(static a => a.ToString()))
                : arguments.RootElement.ToString();
        }
    }

    /// <summary>Describes an error with one text as its only argument.</summary>
    /// <param name="type">The class.</param>
    /// <param name="module">Its module or namespace; null when not known.</param>
    /// <param name="message">The text.</param>
    public static CeleryError Of(string type, string? module, string message)
    {
        ArgumentException.ThrowIfNullOrEmpty(type);
        using var scratch = JsonScratch.Rent();
        scratch.Writer.WriteStartArray();
        scratch.Writer.WriteStringValue(message);
        scratch.Writer.WriteEndArray();
        scratch.Writer.Flush();
        return new CeleryError { Type = type, Module = module, Arguments = scratch.ToArray() };
    }

    /// <summary>
    /// A .NET exception for Python: the namespace becomes the module, and a nested class's <c>+</c> a dot. Python finds
    /// no such module and shows a class of the same name under <c>celery.exceptions</c>.
    /// </summary>
    /// <param name="error">The exception as data.</param>
    public static CeleryError From(JobError error)
    {
        ArgumentNullException.ThrowIfNull(error);

        // A generic type's arguments are in brackets and hold dots of their own.
        var end = error.Type.AsSpan().IndexOfAny('[', '`');
        var name = (end < 0 ? error.Type : error.Type[..end]).Replace('+', '.');
        var outer = error.Type.AsSpan().IndexOf('+');
        var dot = name.LastIndexOf('.', (outer < 0 ? name.Length : outer) - 1);
        return dot > 0 && dot < name.Length - 1
            ? Of(name[(dot + 1)..], name[..dot], error.Message)
            : Of(name.Length == 0 ? nameof(Exception) : name, null, error.Message);
    }

    /// <summary>The same as Lovage keeps it.</summary>
    /// <param name="traceback">The record's traceback; null for none.</param>
    public JobError ToJobError(string? traceback) => new(
        string.IsNullOrEmpty(Module) || Module == "builtins" ? Type : $"{Module}.{Type}",
        Cut(Message),
        traceback is null ? null : Cut(traceback));

    /// <summary>An exception object of a result; null for anything else, which is kept as a plain value.</summary>
    internal static CeleryError? Read(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("exc_type"u8, out var type) || type.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("exc_message"u8, out var message))
        {
            return null;
        }

        var module = value.TryGetProperty("exc_module"u8, out var named)
            ? WireJson.Text(named, "$.result.exc_module", TextLengthMax)
            : null;
        return new CeleryError
        {
            Type = WireJson.Text(type, "$.result.exc_type", TextLengthMax)!,
            Module = module,
            Arguments = WireJson.Raw(message),
        };
    }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("exc_type"u8, Type);
        writer.WritePropertyName("exc_message"u8);
        writer.WriteRawValue(Arguments.Span);
        writer.WriteString("exc_module"u8, Module);
        writer.WriteEndObject();
    }

    private static string Cut(string text) =>
        TextCut.Of(text, JobError.TextLengthMax);
}
