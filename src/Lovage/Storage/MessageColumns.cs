using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Lovage.Protocol;
using Lovage.Storage.Columns;

namespace Lovage.Storage;

/// <summary>
/// Writes a message's less plain fields for storages with columns. Its yes-or-no fields become the bits of one number;
/// fields that are rarely set become one JSON object.
/// </summary>
/// <remarks>
/// Stateless, safe for use by several threads. Rows outlive a version: bits and names are added, never changed.
/// </remarks>
public static class MessageColumns
{
    /// <summary>How many columns <see cref="Read"/> reads.</summary>
    public const int Count = 15;

    /// <summary>The column among them that says when the row was stored; no field of a message.</summary>
    public const int StoredAt = 6;

    private const int IgnoreResultFlag = 1;
    private const int ChosenIdFlag = 2;

    /// <summary>
    /// The yes-or-no fields of a message: 1 for <see cref="JobMessage.IgnoreResult"/>, 2 for
    /// <see cref="JobMessage.HasChosenId"/>.
    /// </summary>
    /// <param name="message">The message.</param>
    public static int Flags(JobMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return (message.IgnoreResult ? IgnoreResultFlag : 0) | (message.HasChosenId ? ChosenIdFlag : 0);
    }

    /// <summary><see cref="JobMessage.IgnoreResult"/> of a message with these flags.</summary>
    /// <param name="flags">As <see cref="Flags"/> wrote them.</param>
    public static bool IgnoresResult(int flags) => (flags & IgnoreResultFlag) != 0;

    /// <summary><see cref="JobMessage.HasChosenId"/> of a message with these flags.</summary>
    /// <param name="flags">As <see cref="Flags"/> wrote them.</param>
    public static bool HasChosenId(int flags) => (flags & ChosenIdFlag) != 0;

    /// <summary>The fields that are rarely set, as UTF-8 JSON; empty, and nothing is made, when none is.</summary>
    /// <param name="message">The message.</param>
    /// <param name="withOrigin">True when its origin has no place elsewhere.</param>
    public static byte[] More(JobMessage message, bool withOrigin)
    {
        ArgumentNullException.ThrowIfNull(message);
        var origin = withOrigin ? message.Origin : null;
        if (origin is null
            && message is
            {
                TimeLimit: null,
                SoftTimeLimit: null,
                RootId: null,
                ParentId: null,
                GroupId: null,
                GroupIndex: null,
                ReplyTo: null,
                Parameters: 0,
                Tags.IsEmpty: true,
                SensitiveParameters.IsEmpty: true,
                Headers.Count: 0,
            })
        {
            return [];
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            Number(json, "limit"u8, message.TimeLimit?.Ticks);
            Number(json, "soft"u8, message.SoftTimeLimit?.Ticks);
            Text(json, "root"u8, message.RootId);
            Text(json, "parent"u8, message.ParentId);
            Text(json, "group"u8, message.GroupId);
            Number(json, "index"u8, message.GroupIndex);
            Text(json, "reply"u8, message.ReplyTo);
            Text(json, "origin"u8, origin);
            Number(json, "parameters"u8, message.Parameters == 0 ? null : message.Parameters);
            Texts(json, "tags"u8, message.Tags);
            Texts(json, "sensitive"u8, message.SensitiveParameters);

            if (!message.Headers.IsEmpty)
            {
                json.WriteStartObject("headers"u8);
                foreach (var (name, value) in message.Headers)
                {
                    json.WriteString(name, value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>
    /// A message with the fields that <see cref="More"/> wrote; the same one when there are none. Names that this
    /// version does not know are left out.
    /// </summary>
    /// <param name="message">The message without them; its origin stays unless there is one among them.</param>
    /// <param name="utf8">What was written; may be empty.</param>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A field is of another kind than it was written.</exception>
    public static JobMessage WithMore(JobMessage message, ReadOnlySpan<byte> utf8)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (utf8.IsEmpty)
        {
            return message;
        }

        var json = new Utf8JsonReader(utf8);
        TimeSpan? limit = null;
        TimeSpan? soft = null;
        string? root = null;
        string? parent = null;
        string? group = null;
        string? reply = null;
        var origin = message.Origin;
        int? index = null;
        var parameters = 0;
        var tags = message.Tags;
        var sensitive = message.SensitiveParameters;
        var headers = message.Headers;
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString();
            json.Read();
            switch (name)
            {
                case "limit":
                    limit = new TimeSpan(json.GetInt64());
                    break;
                case "soft":
                    soft = new TimeSpan(json.GetInt64());
                    break;
                case "root":
                    root = json.GetString();
                    break;
                case "parent":
                    parent = json.GetString();
                    break;
                case "group":
                    group = json.GetString();
                    break;
                case "index":
                    index = json.GetInt32();
                    break;
                case "reply":
                    reply = json.GetString();
                    break;
                case "origin":
                    origin = json.GetString();
                    break;
                case "parameters":
                    parameters = json.GetInt32();
                    break;
                case "tags":
                    tags = Tags(ref json);
                    break;
                case "sensitive":
                    sensitive = SensitiveName.Read(Texts(ref json));
                    break;
                case "headers":
                    headers = Headers(ref json);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        return message with
        {
            TimeLimit = limit,
            SoftTimeLimit = soft,
            RootId = root,
            ParentId = parent,
            GroupId = group,
            GroupIndex = index,
            ReplyTo = reply,
            Parameters = parameters,
            Origin = origin,
            Tags = tags,
            SensitiveParameters = sensitive,
            Headers = headers,
        };
    }

    /// <summary>
    /// Reads a message from 15 columns: id, name (a word), queue (a word), priority, flags, retries, time of storing,
    /// delay, eta, expires, max_attempts, body, more, extra, origin (a word).
    /// </summary>
    /// <remarks>The delay is in units of 100 ns, times are as <see cref="StorageTime"/> has them.</remarks>
    /// <param name="row">The row.</param>
    /// <param name="first">The first of the columns.</param>
    /// <param name="retries">Failures counted since the message was stored; null for those of the row.</param>
    public static JobMessage Read(RowReader row, int first, int? retries)
    {
        ArgumentNullException.ThrowIfNull(row);
        var flags = row.Int32(first + 4);
        var message = new JobMessage
        {
            // The job of a schedule may have none.
            Id = row.Text(first) is { Length: > 0 } id ? JobId.Trusted(id) : default,
            Name = row.Word(first + 1) ?? "",
            Queue = row.Word(first + 2) ?? "",
            Priority = row.Int32(first + 3),
            IgnoreResult = IgnoresResult(flags),
            HasChosenId = HasChosenId(flags),
            Retries = retries ?? row.Int32(first + 5),
            Delay = new TimeSpan(row.Int64(first + 7)),
            Eta = row.TimeOrNull(first + 8),
            Expires = row.TimeOrNull(first + 9),
            MaxAttempts = row.Int32OrNull(first + 10),
            Body = row.Memory(first + 11),
            Extra = row.Memory(first + 13),
            Origin = row.Word(first + 14),
        };
        return WithMore(message, row.Bytes(first + 12));
    }

    /// <summary>
    /// When a message is to become ready, as <see cref="StorageTime"/> has it: at the later of its delay from now and
    /// its eta; null when it is ready now.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="now">The storage's clock.</param>
    public static long? DueAt(JobMessage message, long now)
    {
        ArgumentNullException.ThrowIfNull(message);
        var due = message.Delay > TimeSpan.Zero ? StorageTime.Add(now, message.Delay) : now;
        if (message.Eta is { } eta)
        {
            due = Math.Max(due, StorageTime.From(eta));
        }

        return due > now ? due : null;
    }

    // What is no tag, in a row that another program changed, is passed over.
    private static ImmutableArray<string> Tags(ref Utf8JsonReader json)
    {
        var tags = ImmutableArray.CreateBuilder<string>(JobNames.TagCountMax);
        if (json.TokenType == JsonTokenType.StartArray)
        {
            foreach (var tag in Texts(ref json))
            {
                if (JobNames.IsTag(tag) && tags.Count < JobNames.TagCountMax && !tags.Contains(tag))
                {
                    tags.Add(tag);
                }
            }
        }
        else
        {
            json.Skip();
        }

        return tags.DrainToImmutable();
    }

    /// <summary>
    /// The elements of an array, null for each that is no text; anything else counts as one of those.
    /// </summary>
    private static List<string?> Texts(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            json.Skip();
            return [null];
        }

        var texts = new List<string?>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            texts.Add(json.TokenType == JsonTokenType.String ? json.GetString() : null);
            json.Skip();
        }

        return texts;
    }

    private static ImmutableDictionary<string, string> Headers(ref Utf8JsonReader json)
    {
        var headers = ImmutableDictionary.CreateBuilder<string, string>();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            headers[name] = json.GetString() ?? "";
        }

        return headers.ToImmutable();
    }

    private static void Texts(Utf8JsonWriter json, ReadOnlySpan<byte> name, ImmutableArray<string> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static void Text(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }
}
