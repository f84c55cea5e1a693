using System.IO.Compression;
using System.Text.Json;

namespace Lovage.Protocol;

/// <summary>
/// From the bytes of a message to the body <c>[args, kwargs, embed]</c>: content type, encoding, compression, and the
/// older forms.
/// </summary>
internal static class MessageBody
{
    private const int RatioFloorBytes = 64 * 1024;

    /// <summary>
    /// Only JSON is read; in particular pickle, which can run code, has no switch (kombu/serialization.py names the
    /// types).
    /// </summary>
    internal static void RequireJson(string? contentType, string? contentEncoding, string path)
    {
        if (!string.Equals(contentType, "application/json", StringComparison.OrdinalIgnoreCase))
        {
            throw new MalformedMessageException(
                MalformedReason.ContentType,
                path,
                $"the content type is '{JobNames.Shown(contentType)}'; only application/json is read. Set "
                    + "task_serializer = 'json' at the sender.");
        }

        // kombu/serialization.py, loads: these are the names under which JSON's bytes are taken as UTF-8 or as they
        // are.
        if (contentEncoding?.ToUpperInvariant()
            is not (null or "" or "UTF-8" or "UTF8" or "US-ASCII" or "ASCII" or "BINARY" or "ASCII-8BIT"))
        {
            throw new MalformedMessageException(
                MalformedReason.ContentEncoding,
                path,
                $"the content encoding is '{JobNames.Shown(contentEncoding)}'; only utf-8 is read.");
        }
    }

    internal static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> body, string? compression, CeleryLimits limits)
    {
        if (string.IsNullOrEmpty(compression))
        {
            return body.Length <= limits.BodyBytesMax ? body : throw TooLarge(limits);
        }

        // kombu/compression.py: application/x-gzip, with the aliases gzip and zlib, is the zlib format (RFC 1950), not
        // gzip.
        if (compression is not ("application/x-gzip" or "gzip" or "zlib"))
        {
            throw new MalformedMessageException(
                MalformedReason.Compression,
                "$.headers.compression",
                $"'{JobNames.Shown(compression)}' is not read; only zlib, on the wire application/x-gzip, is. Set "
                    + "compression = 'zlib' or none at the sender.");
        }

        var max = Math.Min(
            limits.BodyBytesMax, Math.Max(RatioFloorBytes, (long)body.Length * limits.CompressionRatioMax));
        using var scratch = JsonScratch.Rent();
        try
        {
            using var input = new MemoryStream(body.ToArray(), writable: false);
            using var zlib = new ZLibStream(input, CompressionMode.Decompress);
            while (true)
            {
                var read = zlib.Read(scratch.GetSpan(4096));
                if (read == 0)
                {
                    break;
                }

                scratch.Advance(read);
                if (scratch.Written.Length > max)
                {
                    throw TooLarge(limits);
                }
            }
        }
        catch (Exception cause) when (cause is InvalidDataException or IOException)
        {
            // ZLibException: the stream needs a dictionary, and the message carries none.
            throw new MalformedMessageException(
                MalformedReason.Compression, "$.body", "the compressed body is broken.", cause);
        }

        return scratch.ToArray();
    }

    /// <summary>
    /// Checks a body of protocol 2, or makes one of protocol 1 or of the hybrid form, and puts the message together.
    /// </summary>
    internal static JobMessage Assemble(
        MessageFields fields, ReadOnlyMemory<byte> body, string queue, int priority, string? replyTo)
    {
        var start = body.Span.IndexOfAnyExcept(" \t\r\n"u8);
        if (start >= 0 && body.Span[start] == (byte)'{')
        {
            body = FromVersion1(fields, body);
        }

        JobBody.Check(body.Span);
        return fields.ToMessage(body, queue, priority, replyTo);
    }

    /// <summary>celery/worker/strategy.py, <c>proto1_to_proto2</c> and <c>hybrid_to_proto2</c>.</summary>
    private static byte[] FromVersion1(MessageFields fields, ReadOnlyMemory<byte> body)
    {
        using var document = WireJson.Parse(body, "$.body");
        var root = document.RootElement;
        if (!root.TryGetProperty("args"u8, out var args))
        {
            throw new MalformedMessageException(
                "$.body", "an array of three, or an object with args as in protocol 1, is expected.");
        }

        fields.AddVersion1(root);
        using var scratch = JsonScratch.Rent();
        scratch.Append("["u8);
        Append(scratch, args, "[]"u8);
        scratch.Append(","u8);
        Append(scratch, root, "kwargs"u8, "{}"u8);
        scratch.Append(""",{"callbacks":"""u8);
        Append(scratch, root, "callbacks"u8, "null"u8);
        scratch.Append(""","errbacks":"""u8);
        Append(scratch, root, "errbacks"u8, "null"u8);
        scratch.Append(""","chain":null,"chord":"""u8);
        Append(scratch, root, "chord"u8, "null"u8);
        scratch.Append("}]"u8);
        return scratch.ToArray();
    }

    private static void Append(
        JsonScratch scratch, JsonElement from, ReadOnlySpan<byte> name, ReadOnlySpan<byte> otherwise) =>
        Append(scratch, from.TryGetProperty(name, out var value) ? value : default, otherwise);

    private static void Append(JsonScratch scratch, JsonElement value, ReadOnlySpan<byte> otherwise) =>
        scratch.Append(
            value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? otherwise : WireJson.Raw(value));

    private static MalformedMessageException TooLarge(CeleryLimits limits) =>
        new(
            MalformedReason.Size,
            "$.body",
            $"the body is larger than {limits.BodyBytesMax:N0} bytes, or grows more than {limits.CompressionRatioMax} "
                + "times when decompressed.");
}
