using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Lovage.Tests.Jobs;

public sealed partial class JobSerializerTests
{
    private static readonly JobSerializer Serializer = new();

    public sealed record Parcel(string TrackingCode, int WeightGrams, Dictionary<string, string>? MoreLabels = null);

    public sealed record Measures(
        double One, float? Two, Half Three, IReadOnlyList<double> More, Dictionary<double, float[]> Named);

    [JsonSerializable(typeof(Parcel))]
    [JsonSerializable(typeof(Measures))]
    internal sealed partial class ParcelContext : JsonSerializerContext;

    [Fact]
    public void Write_Record_IsSnakeCaseAndLeavesDictionaryKeysAlone() =>
        Assert.Equal(
            """{"tracking_code":"größe","weight_grams":5,"more_labels":{"FragileKey":"1"}}""",
            Write(new Parcel("größe", 5, new() { ["FragileKey"] = "1" })));

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

    [Theory]
    [InlineData("""{"one":1e999,"two":1,"three":1,"more":[],"named":{}}""", "$.one")]
    [InlineData("""{"one":1,"two":-1e39,"three":1,"more":[],"named":{}}""", "$.two")]
    [InlineData("""{"one":1,"two":1,"three":70000,"more":[],"named":{}}""", "$.three")]
    [InlineData("""{"one":1,"two":1,"three":1,"more":[0,-1e999],"named":{}}""", "$.more[1]")]
    [InlineData("""{"one":1,"two":1,"three":1,"more":[],"named":{"1":[1e39]}}""", "$.named.1[0]")]
    [InlineData("""{"one":1,"two":1,"three":1,"more":[],"named":{"1e999":[]}}""", "$.named")]
    public void Read_NumberItsTypeCannotHold_IsRefusedWhereverItIs(string json, string path)
    {
        foreach (var serializer in (JobSerializer[])[Serializer, new JobSerializer(ParcelContext.Default)])
        {
            var refused = Assert.ThrowsAny<JsonException>(
                () => serializer.Read<Measures>(System.Text.Encoding.UTF8.GetBytes(json)));
            Assert.StartsWith(path, refused.Path, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_LargestNumbers_AreTakenAndWrittenAsEver()
    {
        const string Json =
            """{"one":1.7976931348623157E+308,"two":-3.4028235E+38,"three":65500,"more":[0.1,5E-324],"named":{"0.5":"""
                + """[1.5]}}""";

        var read = new JobSerializer(ParcelContext.Default).Read<Measures>(System.Text.Encoding.UTF8.GetBytes(Json))!;

        Assert.Equal((double.MaxValue, float.MinValue, Half.MaxValue), (read.One, read.Two, read.Three));
        Assert.Equal(Json, Write(read));
    }

    [Fact]
    public void Read_MemberNobodyKnows_IsLeftOut() =>
        Assert.Equal(
            new Parcel("x", 1),
            Serializer.Read<Parcel>("""{"tracking_code":"x","weight_grams":1,"added_later":true}"""u8));

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

        Assert.Equal(
            """[null,5,{"tracking_code":"x","weight_grams":1,"more_labels":null},"order-7"]""",
            System.Text.Encoding.UTF8.GetString(stream.ToArray()));
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
        Assert.Equal(
            """{"tracking_code":"x","weight_grams":1,"more_labels":null}""",
            JsonSerializer.Serialize(new Parcel("x", 1), new JobSerializer(ParcelContext.Default).Contract<Parcel>()));

    private static string Write<T>(T value)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(
            stream, new JsonWriterOptions { Encoder = Serializer.Contract<T>().Options.Encoder }))
        {
            Serializer.Write(writer, value);
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private sealed class Refusing : IJsonTypeInfoResolver
    {
        public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options) =>
            type == typeof(Parcel) ? throw new NotSupportedException("not here") : null;
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
