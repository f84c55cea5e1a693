using System.Collections.Immutable;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lovage.Generated;
using Lovage.Protocol;

namespace Lovage.Tests.Jobs;

/// <summary>Arguments whose JSON does not come back are refused where they are enqueued.</summary>
public sealed partial class JsonLossesTests
{
    internal sealed record Leg((double Lat, double Lon) From, string Name);

    internal struct GridPoint
    {
        public int X;

        public int Y;
    }

    internal sealed record Route(List<GridPoint> Points);

    internal sealed class Basket
    {
        private readonly List<string> _items = [];

        public IReadOnlyList<string> Items => _items;

        public void Add(string item) => _items.Add(item);
    }

    internal sealed class Stamp
    {
        public string Kind { get; } = "stamp";

        public Guid Made { get; init; } = Guid.NewGuid();
    }

    internal sealed class Visit
    {
        public Guid Made { get; } = Guid.NewGuid();
    }

    internal sealed record Priced(decimal Price, int Count)
    {
        public decimal Total => Price * Count;
    }

    internal readonly struct Sealed(int x)
    {
        public int X { get; } = x;
    }

    internal class Counted
    {
        [JsonInclude]
        public int Count;
    }

    internal sealed class CountedWell : Counted
    {
        public string Name { get; init; } = "";
    }

    internal sealed class Marked
    {
        [JsonInclude]
        public int Kept;

        [JsonIgnore]
        public int Left;

        [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
        public List<int> Numbers { get; } = [];
    }

    internal sealed class Mailer(Uri server)
    {
        public Uri Where() => server;
    }

    [JsonConverter(typeof(OwnConverter))]
    internal struct Own
    {
        public int Value;
    }

    internal sealed class OwnConverter : JsonConverter<Own>
    {
        public override Own Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new() { Value = reader.GetInt32() };

        public override void Write(Utf8JsonWriter writer, Own value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Value);
    }

    internal sealed class Tree
    {
        public List<Tree> Children { get; init; } = [];

        public Tree? Parent { get; init; }
    }

    [JsonDerivedType(typeof(Circle), "circle")]
    internal abstract record Shape;

    internal sealed record Circle(GridPoint Centre) : Shape;

    [JsonSerializable(typeof(Leg))]
    [JsonSerializable(typeof(Route))]
    [JsonSerializable(typeof(Basket))]
    [JsonSerializable(typeof(Priced))]
    internal sealed partial class LossContext : JsonSerializerContext;

    private static readonly JobSerializer Reflecting = new();
    private static readonly JobSerializer Generated = new(LossContext.Default);

    [Fact]
    public void Encode_TupleInARecord_NamesParameterMemberAndFix()
    {
        var refused = Refused(new Leg((1, 2), "a"));

        Assert.Equal("value", refused.Parameter);
        Assert.Equal(
            "Job 'test': argument 'value' of type Leg does not come back whole from JSON: 'From': a tuple's members "
                + "are fields, which JSON leaves out; declare a record.",
            refused.Message);
        Assert.Contains("'From': a tuple", Refused(new Leg((1, 2), "a"), Generated).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_PublicField_IsRefusedAtAnyDepth()
    {
        Assert.Contains(
            "'X': it is a public field", Refused(new GridPoint { X = 1 }).Message, StringComparison.Ordinal);
        Assert.Contains("'X'", Refused<GridPoint?>(new GridPoint()).Message, StringComparison.Ordinal);
        Assert.Contains("'X'", Refused(new GridPoint[1]).Message, StringComparison.Ordinal);
        Assert.Contains("'X'", Refused(new Dictionary<string, GridPoint[]>()).Message, StringComparison.Ordinal);
        Assert.Contains("'Points.X'", Refused(new Route([])).Message, StringComparison.Ordinal);
        Assert.Contains("'Points.X'", Refused(new Route([]), Generated).Message, StringComparison.Ordinal);
        Assert.Contains("'Centre.X'", Refused<Shape>(new Circle(default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_MemberThatCannotBeSet_IsRefusedWhereItsValueChanges()
    {
        var basket = new Basket();
        Assert.Equal("""{"items":[]}""", Written(basket));

        basket.Add("tea");

        Assert.Contains("'Items': JSON writes it and cannot", Refused(basket).Message, StringComparison.Ordinal);
        Assert.Contains("'Items': JSON writes it", Refused(basket, Generated).Message, StringComparison.Ordinal);
        Assert.Contains("'Made': JSON writes it", Refused(new Visit()).Message, StringComparison.Ordinal);
        Assert.Contains("'X': JSON writes it", Refused(new Sealed(1)).Message, StringComparison.Ordinal);
        Assert.StartsWith("""{"kind":"stamp",""", Written(new Stamp()), StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_TypeThatJsonCannotMake_IsRefused() =>
        Assert.Contains(
            "JSON cannot make a Mailer", Refused(new Mailer(new Uri("smtp://a"))).Message, StringComparison.Ordinal);

    public static TheoryData<object> Lossy =>
    [
        new Complex(1, 2), new Vector2(1, 2), new Vector3(1, 2, 3), new Vector4(1, 2, 3, 4), BigInteger.One, 1..2,
        new Index(1), new Rune('a'), (1, "a"), new ArraySegment<int>([1, 2], 0, 1), new Stack<int>([1, 2]),
        new Lazy<int>(1), System.Net.IPAddress.Loopback, TimeZoneInfo.Utc, new Complex[1], System.Drawing.Color.Red,
        new Dictionary<string, (int, int)>(), new System.Collections.Stack(new[] { 1, 2 }),
        new System.Collections.Concurrent.ConcurrentStack<int>([1, 2]), ImmutableStack.Create(1, 2),
    ];

    [Theory]
    [MemberData(nameof(Lossy), DisableDiscoveryEnumeration = true)]
    public void Encode_TypeOfTheFramework_IsRefusedByNameAndTyped(object value)
    {
        Assert.Contains("does not come back whole", Untyped(value).Message, StringComparison.Ordinal);
        var typed = typeof(JsonLossesTests).GetMethod(nameof(RefusedBox), Private)!.MakeGenericMethod(value.GetType());
        Assert.Equal("value", ((BadArgumentsException)typed.Invoke(null, [value])!).Parameter);
    }

    public static TheoryData<object> Whole =>
    [
        new Priced(1, 2), new Own { Value = 5 }, new Own[1], new Memory<int>([1, 2]), ImmutableArray.Create(1, 2),
        new KeyValuePair<string, int>("a", 1), Tuple.Create(1, "a"), new Tree { Children = [new Tree()] },
        new HashSet<string>(["a"]), new Version(1, 2), DateOnly.MinValue, (Int128)5, DayOfWeek.Friday,
        new Queue<int>([1, 2]), new Dictionary<DayOfWeek, DateOnly>(),
        new Marked { Kept = 1, Left = 3, Numbers = { 2 } }, new CountedWell { Count = 1, Name = "a" },
        new SortedList<string, decimal> { ["a"] = 1 }, new { Name = "a", Lines = new[] { new { Count = 1 } } },
    ];

    [Theory]
    [MemberData(nameof(Whole), DisableDiscoveryEnumeration = true)]
    public void Encode_TypeThatComesBack_IsWritten(object value)
    {
        var typed = typeof(JsonLossesTests).GetMethod(nameof(WrittenBox), Private)!.MakeGenericMethod(value.GetType());

        Assert.NotEqual("", typed.Invoke(null, [value]));
        Assert.NotEqual(0, Body(JobArguments.Of([value]), Reflecting).Length);
    }

    [Fact]
    public void Encode_ByName_DoubtfulTypeIsTheReadersMatter() =>
        Assert.NotEqual(0, Body(JobArguments.Of([new Visit()]), Reflecting).Length);

    [Fact]
    public void Encode_NullOfALossyType_IsWritten() => Assert.Equal("null", Written<Leg?>(null));

    private const System.Reflection.BindingFlags Private =
        System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static;

    private static BadArgumentsException Untyped(object value) =>
        Assert.Throws<BadArgumentsException>(() => Body(JobArguments.Of([value]), Reflecting));

    private static BadArgumentsException RefusedBox<T>(T value) => Refused(value);

    private static string WrittenBox<T>(T value) => Written(value);

    private static BadArgumentsException Refused<T>(T value, JobSerializer? serializer = null) =>
        Assert.Throws<BadArgumentsException>(() => Body(new One<T>(value), serializer ?? Reflecting));

    private static string Written<T>(T value)
    {
        var text = Encoding.UTF8.GetString(Body(new One<T>(value), Reflecting).Span);
        return text[2..text.IndexOf("],{},{", StringComparison.Ordinal)];
    }

    private static ReadOnlyMemory<byte> Body(JobArguments arguments, JobSerializer serializer) =>
        JobBody.Encode("test", arguments, serializer);

    private sealed class One<T>(T value) : JobArguments
    {
        public override void WritePositional(Utf8JsonWriter writer, JobSerializer serializer) =>
            serializer.WriteArgument(writer, value, "value");
    }
}
