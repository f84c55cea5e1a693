using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Lovage.Protocol;

/// <summary>
/// Arguments as Python prints them, for the headers <c>argsrepr</c> and <c>kwargsrepr</c> that monitors show and
/// search: a tuple and a dict, each cut at 1,024 characters (celery/utils/saferepr.py). Unlike there, control
/// characters are escaped, so that a line of a log stays one line.
/// </summary>
internal static class PythonRepr
{
    private const int LengthMax = 1024;
    private const string NoArguments = "()";
    private const string NoKeywords = "{}";

    /// <exception cref="ArgumentException">The body is no such array.</exception>
    internal static (string Arguments, string Keywords) Of(ReadOnlySpan<byte> body)
    {
        if (body.SequenceEqual(JobBody.Empty.Span))
        {
            return (NoArguments, NoKeywords);
        }

        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = WireJson.DepthMax });
            if (reader.Read()
                && reader.TokenType == JsonTokenType.StartArray
                && reader.Read()
                && reader.TokenType == JsonTokenType.StartArray)
            {
                var arguments = Sequence(ref reader, '(', ')');
                if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    var text = new StringBuilder();
                    Append(ref reader, text);
                    return (arguments, Cut(text));
                }
            }
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            throw new ArgumentException(
                "The body of the message is not JSON of the form [args, kwargs, embed].", nameof(body), cause);
        }

        throw new ArgumentException(
            "The body of the message is not JSON of the form [args, kwargs, embed].", nameof(body));
    }

    private static string Sequence(ref Utf8JsonReader reader, char open, char close)
    {
        var text = new StringBuilder();
        text.Append(open);
        var count = AppendItems(ref reader, text);
        if (count == 1)
        {
            text.Append(',');
        }

        text.Append(close);
        return Cut(text);
    }

    private static int AppendItems(ref Utf8JsonReader reader, StringBuilder text)
    {
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (count++ > 0)
            {
                text.Append(", ");
            }

            Append(ref reader, text);
        }

        return count;
    }

    private static void Append(ref Utf8JsonReader reader, StringBuilder text)
    {
        if (text.Length > LengthMax)
        {
            reader.Skip();
            return;
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray:
                text.Append('[');
                AppendItems(ref reader, text);
                text.Append(']');
                break;
            case JsonTokenType.StartObject:
                AppendObject(ref reader, text);
                break;
            case JsonTokenType.String:
                AppendText(text, reader.GetString()!);
                break;
            case JsonTokenType.Number:
                text.Append(Encoding.ASCII.GetString(reader.ValueSpan));
                break;
            default:
                text.Append(reader.TokenType switch
                {
                    JsonTokenType.True => "True",
                    JsonTokenType.False => "False",
                    _ => "None",
                });
                break;
        }
    }

    private static void AppendObject(ref Utf8JsonReader reader, StringBuilder text)
    {
        text.Append('{');
        var first = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (text.Length <= LengthMax)
            {
                text.Append(first ? "" : ", ");
                AppendText(text, reader.GetString()!);
                text.Append(": ");
            }

            first = false;
            reader.Read();
            Append(ref reader, text);
        }

        text.Append('}');
    }

    private static void AppendText(StringBuilder text, string value)
    {
        var quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal)
            ? '"'
            : '\'';
        text.Append(quote);
        foreach (var character in value.AsSpan(0, Math.Min(value.Length, LengthMax + 1)))
        {
            if (character == quote || character == '\\')
            {
                text.Append('\\').Append(character);
            }
            else if (char.IsControl(character))
            {
                text.Append(character switch
                {
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    _ => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"),
                });
            }
            else
            {
                text.Append(character);
            }
        }

        text.Append(quote);
    }

    private static string Cut(StringBuilder text)
    {
        if (text.Length <= LengthMax)
        {
            return text.ToString();
        }

        // Not between the halves of a surrogate pair.
        var end = LengthMax - 3;
        end -= char.IsHighSurrogate(text[end - 1]) ? 1 : 0;
        return text.ToString(0, end) + "...";
    }
}
