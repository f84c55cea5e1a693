using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lovage;

/// <summary>
/// Reads a number and refuses one that its type cannot hold. The serializer alone would read 1e999 as infinity. No
/// later check expects an infinity, and JSON cannot write one.
/// </summary>
/// <typeparam name="T">A floating-point type.</typeparam>
internal sealed class FiniteNumberConverter<T>(JsonConverter<T> converter) : JsonConverter<T>
    where T : INumberBase<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Finite(converter.Read(ref reader, typeToConvert, options)!);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        converter.Write(writer, value, options);

    public override T ReadAsPropertyName(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Finite(converter.ReadAsPropertyName(ref reader, typeToConvert, options));

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        converter.WriteAsPropertyName(writer, value, options);

    private static T Finite(T value) => T.IsFinite(value) ? value : throw new NumberRangeException();
}

/// <summary>A number of JSON is beyond what its type can hold. The serializer adds the path.</summary>
internal sealed class NumberRangeException() : JsonException("The number is too large for its type.");
