using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lovage.Protocol;

/// <summary>Where headers go: the JSON of an envelope or the table of an AMQP message.</summary>
internal interface IHeaderSink
{
    void Text(string name, string? value);

    void Number(string name, long? value);

    void Flag(string name, bool value);

    void Texts(string name, IReadOnlyList<string> values);

    void TimeLimit(double? hard, double? soft);

    void Empty(string name);

    void Copy(string name, JsonElement value);
}

/// <summary>
/// Writes the headers of protocol 2 as Celery 5.6 does (celery/app/amqp.py, <c>as_task_v2</c>): all of them, null where
/// there is nothing to say.
/// </summary>
internal static class HeaderWriter
{
    private const string Language = "cs";

    internal static ReadOnlySpan<byte> LanguageUtf8 => "cs"u8;

    /// <exception cref="ArgumentException">A header of the user's has the name of one of the protocol's.</exception>
    internal static void Write<TSink>(TSink sink, JobMessage message, DateTimeOffset now)
        where TSink : IHeaderSink
    {
        sink.Text("task", message.Name);
        sink.Text("id", message.Id.Value);
        sink.Text("eta", Eta(message, now) is { } eta ? WireTime.Format(eta) : null);
        sink.Text("expires", message.Expires is { } expires ? WireTime.Format(expires) : null);
        sink.Text("group", message.GroupId);
        sink.Number("group_index", message.GroupIndex);
        sink.Number("retries", message.Retries);
        sink.TimeLimit(message.TimeLimit?.TotalSeconds, message.SoftTimeLimit?.TotalSeconds);
        sink.Text("root_id", message.RootId ?? message.Id.Value);
        sink.Text("parent_id", message.ParentId);
        sink.Text("origin", message.Origin);
        sink.Flag("ignore_result", message.IgnoreResult);
        if (message.MaxAttempts is { } maxAttempts)
        {
            sink.Number(HeaderFields.MaxAttempts, maxAttempts);
        }

        if (message.Parameters > 0)
        {
            sink.Number(HeaderFields.Parameters, message.Parameters);
        }

        if (!message.Tags.IsEmpty)
        {
            sink.Texts(HeaderFields.Tags, message.Tags);
        }

        if (!message.SensitiveParameters.IsEmpty)
        {
            sink.Texts(HeaderFields.Sensitive, message.SensitiveParameters);
        }

        WriteKept(sink, message);
        foreach (var (name, value) in message.Headers)
        {
            sink.Text(
                HeaderFields.IsReserved(name)
                    ? throw new ArgumentException(
                        $"Header '{name}' is a field of Celery's protocol, whose headers are one flat map. Choose "
                            + "another name.",
                        nameof(message))
                    : name,
                value);
        }
    }

    private static DateTimeOffset? Eta(JobMessage message, DateTimeOffset now)
    {
        if (message.Delay <= TimeSpan.Zero)
        {
            return message.Eta;
        }

        var due = now + message.Delay;
        return message.Eta is { } eta && eta > due ? eta : due;
    }

    /// <summary>
    /// What another producer wrote and this model does not know, then what is still missing of Celery's set.
    /// </summary>
    private static void WriteKept<TSink>(TSink sink, JobMessage message)
        where TSink : IHeaderSink
    {
        var kept = Kept.None;
        var hides = !message.SensitiveParameters.IsEmpty;
        if (!message.Extra.IsEmpty)
        {
            using var extra = JsonDocument.Parse(message.Extra);
            foreach (var property in extra.RootElement.EnumerateObject())
            {
                var field = HeaderFields.Find(JsonMarshal.GetRawUtf8PropertyName(property));
                if (field is HeaderField.Kept or HeaderField.Unknown
                    && !(hides && MessageRedactor.RepeatsArguments(property.Name)))
                {
                    kept |= Of(property.Name);
                    sink.Copy(property.Name, property.Value);
                }
            }
        }

        if ((kept & Kept.Language) == 0)
        {
            sink.Text("lang", Language);
        }

        if ((kept & Kept.Shadow) == 0)
        {
            sink.Text("shadow", null);
        }

        if ((kept & (Kept.Arguments | Kept.Keywords)) != (Kept.Arguments | Kept.Keywords))
        {
            var (arguments, keywords) = PythonRepr.Of(MessageRedactor.BodyBytes(message).Span);
            if ((kept & Kept.Arguments) == 0)
            {
                sink.Text("argsrepr", arguments);
            }

            if ((kept & Kept.Keywords) == 0)
            {
                sink.Text("kwargsrepr", keywords);
            }
        }

        if ((kept & Kept.Nesting) == 0)
        {
            sink.Number("replaced_task_nesting", 0);
        }

        if ((kept & Kept.StampNames) == 0)
        {
            sink.Text("stamped_headers", null);
        }

        if ((kept & Kept.Stamps) == 0)
        {
            sink.Empty("stamps");
        }
    }

    private static Kept Of(string name) => name switch
    {
        "lang" => Kept.Language,
        "shadow" => Kept.Shadow,
        "argsrepr" => Kept.Arguments,
        "kwargsrepr" => Kept.Keywords,
        "replaced_task_nesting" => Kept.Nesting,
        "stamped_headers" => Kept.StampNames,
        "stamps" => Kept.Stamps,
        _ => Kept.None,
    };

    [Flags]
    private enum Kept
    {
        None = 0,
        Language = 1,
        Shadow = 2,
        Arguments = 4,
        Keywords = 8,
        Nesting = 16,
        StampNames = 32,
        Stamps = 64,
    }
}

/// <summary>Headers as JSON, for an envelope.</summary>
internal readonly struct JsonHeaderSink(Utf8JsonWriter writer) : IHeaderSink
{
    public void Text(string name, string? value) => writer.WriteString(name, value);

    public void Number(string name, long? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    public void Flag(string name, bool value) => writer.WriteBoolean(name, value);

    public void Texts(string name, IReadOnlyList<string> values)
    {
        writer.WriteStartArray(name);
        for (var i = 0; i < values.Count; i++)
        {
            writer.WriteStringValue(values[i]);
        }

        writer.WriteEndArray();
    }

    public void TimeLimit(double? hard, double? soft)
    {
        writer.WriteStartArray("timelimit");
        Seconds(hard);
        Seconds(soft);
        writer.WriteEndArray();
    }

    public void Empty(string name)
    {
        writer.WriteStartObject(name);
        writer.WriteEndObject();
    }

    public void Copy(string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
    }

    private void Seconds(double? value)
    {
        if (value is { } seconds)
        {
            writer.WriteNumberValue(seconds);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
