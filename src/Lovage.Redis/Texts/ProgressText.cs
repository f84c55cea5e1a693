using System.Buffers;
using System.Text.Json;

namespace Lovage.Redis.Texts;

/// <summary>How far a job is: [fraction, message].</summary>
internal static class ProgressText
{
    internal static byte[] Write(double fraction, string? message)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteNumberValue(fraction);
            json.WriteStringValue(message);
            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static (double Fraction, string? Message) Read(JsonElement progress) =>
        (progress[0].GetDouble(), progress[1].GetString());
}
