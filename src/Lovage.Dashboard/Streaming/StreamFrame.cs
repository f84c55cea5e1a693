using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Lovage.Dashboard.Streaming;

/// <summary>One event as it goes over the wire, made once and shared by all streams.</summary>
/// <param name="Number">Grows with each event of the process.</param>
/// <param name="Bytes">The event.</param>
internal sealed record StreamFrame(long Number, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>An event that says no more than its name.</summary>
    internal static ReadOnlyMemory<byte> Hint(string name) => Encoding.UTF8.GetBytes($"event: {name}\ndata: {{}}\n\n");

    internal static ReadOnlyMemory<byte> Of<T>(string name, T value, JsonTypeInfo<T> type) =>
        Of(name, JsonSerializer.SerializeToUtf8Bytes(value, type));

    /// <summary>JSON without line breaks, as the serializer writes it.</summary>
    internal static ReadOnlyMemory<byte> Of(string name, ReadOnlySpan<byte> json)
    {
        var head = Encoding.UTF8.GetBytes($"event: {name}\ndata: ");
        var frame = new byte[head.Length + json.Length + 2];
        head.CopyTo(frame, 0);
        json.CopyTo(frame.AsSpan(head.Length));
        frame.AsSpan(head.Length + json.Length).Fill((byte)'\n');
        return frame;
    }
}
