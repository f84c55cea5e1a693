using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Lovage.Tests.Jobs;

public sealed partial class JobSerializerTests
{
    private static readonly JobSerializer Serializer = new();

    public sealed record Parcel(string TrackingCode, int WeightGrams, Dictionary<string, string>? MoreLabels = null);

    [JsonSerializable(typeof(Parcel))]
    internal sealed partial class ParcelContext : JsonSerializerContext;

    [Fact]
    public void Write_Record_IsSnakeCaseAndLeavesDictionaryKeysAlone() =>
        Assert.Equal("""{"tracking_code":"größe","weight_grams":5,"more_labels":{"FragileKey":"1"}}""", Write(new Parcel("größe", 5, new() { ["FragileKey"] = "1" })));

    [Fact]
    public void Write_HtmlCharacters_AreEscapedAndLettersAreNot() =>
        Assert.Equal("\"ü漢\\u003C\\u0026\"", Write("ü漢<&"));

    [Theory]
    [InlineData("""{"tracking_code":"x"}""")]
    [InlineData("""{"tracking_code":null,"weight_grams":1}""")]
    [InlineData("""{"tracking_code":"x","weight_grams":"1"}""")]
    [InlineData("""{"tracking_code":"x","weight_grams":1,"weight_grams":2}""")]
    [InlineData("""{"tracking_code":"x","weight_grams":1,}""")]
    [InlineData("""{"tracking_code":"x","weight_grams":1}/**/""")]
    [InlineData("""{"tracking_code":"x","weight_grams":NaN}""")]
    public void Read_NotExactlyTheContract_Throws(string json) =>
        Assert.ThrowsAny<JsonException>(() => Serializer.Read<Parcel>(System.Text.Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Read_MemberNobodyKnows_IsLeftOut() =>
        Assert.Equal(new Parcel("x", 1), Serializer.Read<Parcel>("""{"tracking_code":"x","weight_grams":1,"added_later":true}"""u8));

    [Fact]
    public void WriteUntyped_Value_IsWrittenByItsOwnType()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            Serializer.WriteUntyped(writer, null);
            Serializer.WriteUntyped(writer, 5m);
            Serializer.WriteUntyped(writer, new Parcel("x", 1));
            Serializer.WriteUntyped(writer, JobId.Parse("order-7"));
            writer.WriteEndArray();
        }

        Assert.Equal("""[null,5,{"tracking_code":"x","weight_grams":1,"more_labels":null},"order-7"]""", System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void Contract_TypeNobodyKnows_SaysWhatToAdd()
    {
        var serializer = new JobSerializer(new Refusing());
        var error = Assert.Throws<NotSupportedException>(() => serializer.Contract<Parcel>());
        Assert.Contains("[JsonSerializable(typeof(Parcel))]", error.Message, StringComparison.Ordinal);
        Assert.Contains("AddJsonContext", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Contract_SeveralContexts_AreAskedInOrderAfterTheBuiltInOnes()
    {
        var first = new Counting(ParcelContext.Default);
        var second = new Counting(ParcelContext.Default);
        var serializer = new JobSerializer(first, second);

        serializer.Contract<int>();
        Assert.Equal((0, 0), (first.Asked, second.Asked));

        Assert.Equal(typeof(Parcel), serializer.Contract<Parcel>().Type);
        Assert.Equal((1, 0), (first.Asked, second.Asked));
        Assert.Same(serializer.Contract<Parcel>(), serializer.Contract(new Parcel("x", 1).GetType()));
    }

    [Fact]
    public void Contract_OfAContext_TakesTheSerializersOptionsNotTheContexts() =>
        Assert.Equal("""{"tracking_code":"x","weight_grams":1,"more_labels":null}""", JsonSerializer.Serialize(new Parcel("x", 1), new JobSerializer(ParcelContext.Default).Contract<Parcel>()));

    private static string Write<T>(T value)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = Serializer.Contract<T>().Options.Encoder }))
        {
            Serializer.Write(writer, value);
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private sealed class Refusing : IJsonTypeInfoResolver
    {
        public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options) => type == typeof(Parcel) ? throw new NotSupportedException("not here") : null;
    }

    private sealed class Counting(IJsonTypeInfoResolver inner) : IJsonTypeInfoResolver
    {
        internal int Asked { get; private set; }

        public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options)
        {
            Asked += type == typeof(Parcel) ? 1 : 0;
            return inner.GetTypeInfo(type, options);
        }
    }
}
