using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Unicode;

namespace Lovage.Protocol;

/// <summary>
/// The body of a message, <c>[args, kwargs, embed]</c> as UTF-8 JSON (celery/app/amqp.py, <c>as_task_v2</c>). A Python
/// worker dies of a body that is not an array of three, so Lovage never writes another form.
/// </summary>
public static class JobBody
{
    /// <summary>The default cap for the arguments of one job: 256 KiB.</summary>
    public const int PayloadBytesMax = 256 * 1024;

    private static readonly byte[] EmptyBytes =
        """[[],{},{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]"""u8.ToArray();

    /// <summary>The body without arguments: one shared constant.</summary>
    public static ReadOnlyMemory<byte> Empty => EmptyBytes;

    /// <summary>The third part of a body without callbacks.</summary>
    internal static ReadOnlySpan<byte> EmptyEmbed =>
        """{"callbacks":null,"errbacks":null,"chain":null,"chord":null}"""u8;

    private static ReadOnlySpan<byte> NoArguments => "[[],{}"u8;

    private static ReadOnlySpan<byte> EmbedAndEnd =>
        """,{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]"""u8;

    /// <summary>Writes arguments. Allocates the body and nothing else; without arguments not even that.</summary>
    /// <param name="job">The job's name, for messages.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="serializer">Knows the contracts.</param>
    /// <param name="payloadBytesMax">The cap in bytes for the arguments; 256 KiB by default.</param>
    /// <exception cref="PayloadTooLargeException">The cap was reached. It is thrown while writing, before a body that
    /// is too large is complete.</exception>
    /// <exception cref="BadArgumentsException">The arguments are no JSON: a number that is not finite, nesting over
    /// 62. Or a value does not come back from JSON whole.</exception>
    /// <exception cref="NotSupportedException">No contract is known for a type; the message says how to add
    /// one.</exception>
    public static ReadOnlyMemory<byte> Encode(
        string job, JobArguments arguments, JobSerializer serializer, int payloadBytesMax = PayloadBytesMax)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(serializer);
        if (ReferenceEquals(arguments, JobArguments.None))
        {
            return Empty;
        }

        using var scratch = JsonScratch.Rent(job, payloadBytesMax);
        var writer = scratch.Writer;
        try
        {
            writer.WriteStartArray();
            writer.WriteStartArray();
            arguments.WritePositional(writer, serializer);
            RequireDepth(writer);
            writer.WriteEndArray();
            writer.WriteStartObject();
            arguments.WriteKeyword(writer, serializer);
            RequireDepth(writer);
            writer.WriteEndObject();
            writer.Flush();
        }
        catch (ArgumentFault fault)
        {
            throw new BadArgumentsException(
                job,
                fault.Parameter,
                $"argument '{fault.Parameter}' {fault.Message}",
                fault.InnerException);
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new BadArgumentsException(
                job, null, $"the arguments cannot be written as JSON: {cause.Message}", cause);
        }

        if (scratch.Written.SequenceEqual(NoArguments))
        {
            return Empty;
        }

        scratch.LiftCap();
        scratch.Append(EmbedAndEnd);
        return scratch.ToArray();
    }

    /// <summary>
    /// True when two messages ask for the same: the same name and, byte for byte, the same arguments. A storage asks it
    /// when a caller's own id is already taken.
    /// </summary>
    /// <param name="one">A message.</param>
    /// <param name="other">Another one.</param>
    public static bool SameMeaning(JobMessage one, JobMessage other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        return one.Name == other.Name
            && (one.Body.Span.SequenceEqual(other.Body.Span)
                || Arguments(one.Body.Span).SequenceEqual(Arguments(other.Body.Span)));
    }

    /// <summary>
    /// The number of the last of these parameters that a body holds, by position or by name, when that parameter is
    /// optional; else 0.
    /// </summary>
    /// <param name="body">A body that <see cref="Encode"/> wrote.</param>
    /// <param name="parameters">The handler's parameters.</param>
    internal static int Reach(ReadOnlySpan<byte> body, ImmutableArray<JobParameter> parameters)
    {
        if (parameters.IsEmpty || !parameters[^1].IsOptional)
        {
            return 0;
        }

        var reach = 0;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = WireJson.DepthMax });
        Expect(ref reader, JsonTokenType.StartArray, "$");
        Expect(ref reader, JsonTokenType.StartArray, "$[0]");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            reach++;
            reader.Skip();
        }

        Expect(ref reader, JsonTokenType.StartObject, "$[1]");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            for (var i = reach; i < parameters.Length; i++)
            {
                if (reader.ValueTextEquals(parameters[i].Name))
                {
                    reach = i + 1;
                }
            }

            reader.Skip();
        }

        return reach > 0 && reach <= parameters.Length && parameters[reach - 1].IsOptional ? reach : 0;
    }

    /// <summary>Refuses a body that is no UTF-8 JSON of the form [array, object, object or null].</summary>
    /// <exception cref="MalformedMessageException">It is not.</exception>
    internal static void Check(ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body))
        {
            throw new MalformedMessageException("$.body", "not valid UTF-8.");
        }

        try
        {
            WireJson.RequireTexts(body, "$.body");
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = WireJson.DepthMax });
            Expect(ref reader, JsonTokenType.StartArray, "$.body");
            Expect(ref reader, JsonTokenType.StartArray, "$.body[0]");
            reader.Skip();
            Expect(ref reader, JsonTokenType.StartObject, "$.body[1]");
            reader.Skip();
            CheckEmbed(ref reader);
            if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray)
            {
                throw new MalformedMessageException("$.body", "an array of three is expected.");
            }

            reader.Read();
        }
        catch (JsonException cause)
        {
            throw WireJson.NotJson("$.body", cause);
        }
    }

    private static void CheckEmbed(ref Utf8JsonReader reader)
    {
        if (reader.Read() && reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new MalformedMessageException("$.body[2]", "an object or null is expected.");
        }

        var seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.ValueTextEquals("callbacks"u8) ? 1
                : reader.ValueTextEquals("errbacks"u8) ? 2
                : reader.ValueTextEquals("chain"u8) ? 4
                : reader.ValueTextEquals("chord"u8) ? 8 : 0;
            if ((seen & field) != 0)
            {
                throw new MalformedMessageException("$.body[2]", "a key is given twice.");
            }

            seen |= field;
            reader.Read();
            reader.Skip();
        }
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType expected, string path)
    {
        if (!reader.Read() || reader.TokenType != expected)
        {
            throw new MalformedMessageException(
                path, expected == JsonTokenType.StartArray ? "an array is expected." : "an object is expected.");
        }
    }

    /// <summary>The bytes up to the end of kwargs; the whole when it is no such body.</summary>
    private static ReadOnlySpan<byte> Arguments(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = WireJson.DepthMax });
            Expect(ref reader, JsonTokenType.StartArray, "$");
            Expect(ref reader, JsonTokenType.StartArray, "$[0]");
            reader.Skip();
            Expect(ref reader, JsonTokenType.StartObject, "$[1]");
            reader.Skip();
            return body[..(int)reader.BytesConsumed];
        }
        catch (Exception cause) when (cause is JsonException or MalformedMessageException)
        {
            return body;
        }
    }

    private static void RequireDepth(Utf8JsonWriter writer)
    {
        if (writer.CurrentDepth != 2)
        {
            throw new InvalidOperationException(
                "the arguments opened an array or object and did not close it, or closed one too many.");
        }
    }
}
