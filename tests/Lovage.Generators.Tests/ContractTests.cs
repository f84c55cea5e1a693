using System.Reflection;
using System.Text.Json.Serialization;

namespace Lovage.Generators.Tests;

public sealed class ContractTests
{
    private const string Jobs = """
        using System.Text.Json.Serialization;
        public sealed record Order(string Name, Customer Customer);
        public sealed record Customer(string Name);
        public sealed class H { [Job] public Customer A(Order order, int count, string[] names) => order.Customer; }
        """;

    [Theory]
    [InlineData("JsonSerializerIsReflectionEnabledByDefault", "false")]
    [InlineData("PublishTrimmed", "true")]
    [InlineData("PublishAot", "True")]
    public void Generate_ReflectionIsOffAndNothingDeclared_EachTypeIsNamedWhereItStands(string property, string value)
    {
        var generated = Source.Of(Jobs).With(property, value).Generate();

        Assert.Equal(["LVG0006 at A", "LVG0006 at order"], generated.Findings);
    }

    [Fact]
    public void Generate_ReflectionIsOn_IsSilent()
    {
        Assert.Empty(Source.Of(Jobs).Generate().Findings);
        Assert.Empty(Source.Of(Jobs)
            .With("PublishTrimmed", "true")
            .With("JsonSerializerIsReflectionEnabledByDefault", "true")
            .Generate()
            .Findings);
    }

    [Fact]
    public void Generate_TypeIsDeclared_ItAndWhatItReachesAreKnown()
    {
        var generated = Source.Of(
            Jobs + "[JsonSerializable(typeof(Order))] internal sealed partial class Context : JsonSerializerContext;")
            .With("PublishAot", "true")
            .Generate();

        Assert.Empty(generated.Findings);
    }

    [Fact]
    public void Generate_OtherTypeIsDeclared_TheMissingOneIsNamed()
    {
        var generated =
            Source.Of(
                Jobs
                    + "[JsonSerializable(typeof(int))] [JsonSerializable(typeof(Customer))] internal sealed partial "
                    + "class Context : JsonSerializerContext;")
                .With("PublishAot", "true")
                .Generate();

        Assert.Equal(["LVG0006 at order"], generated.Findings);
        Assert.Contains(
            "[JsonSerializable(typeof(Order))]",
            generated.Diagnostics.Single().GetMessage(System.Globalization.CultureInfo.InvariantCulture),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_ReferencedLibraryDeclaresItsType_IsSilent()
    {
        const string Library =
            "using System.Text.Json.Serialization; public sealed record Order(string Name); public sealed record "
                + "Bare; [JsonSerializable(typeof(Order[]))] public sealed partial class Context : "
                + "JsonSerializerContext { CONTEXT }";
        var image = (Source.Of(Library.Replace("CONTEXT", """
            public Context() : base(null) { }
            protected override System.Text.Json.JsonSerializerOptions? GeneratedSerializerOptions => null;
            public override System.Text.Json.Serialization.Metadata.JsonTypeInfo? GetTypeInfo(Type type) => null;
            """, StringComparison.Ordinal)) with { AssemblyName = "Library" }).Generate().ToReference();

        var generated = (Source.Of("public sealed class H { [Job] public void A(Order[] orders, Bare bare) { } }") with
        {
            References = [image],
        }).With("PublishAot", "true").Generate();

        Assert.Equal(["LVG0006 at bare"], generated.Findings);
    }

    [Fact]
    public void Generate_BuiltInContracts_AreThoseOfTheSerializer()
    {
        var builtIn = typeof(JobSerializer).Assembly.GetType("Lovage.BuiltInContracts")!
            .GetCustomAttributesData()
            .Where(static a => a.AttributeType == typeof(JsonSerializableAttribute))
            .Select(static a => (Type)a.ConstructorArguments[0].Value!)
            .ToArray();
        var parameters = string.Join(", ", builtIn.Select(static (type, i) => $"{CSharp(type)} p{i}"));

        var known = Source.Of($"public sealed class H {{ [Job] public void A({parameters}) {{ }} }}")
            .With("PublishAot", "true")
            .Generate()
            .Clean();
        var unknown = Source.Of(
            "public sealed class H { [Job] public void A(char? a, TimeOnly? b, List<int> c, DayOfWeek d) { } }")
            .With("PublishAot", "true")
            .Generate();

        Assert.NotEmpty(builtIn);
        Assert.Empty(known.Findings);
        Assert.Equal(["LVG0006 at a", "LVG0006 at b", "LVG0006 at c", "LVG0006 at d"], unknown.Findings);
    }

    private static string CSharp(Type type) =>
        type.IsArray ? CSharp(type.GetElementType()!) + "[]"
        : type.IsGenericType
            ? $"global::{type.Namespace}.{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<"
                + $"{string.Join(", ", type.GetGenericArguments().Select(CSharp))}>"
        : "global::" + type.FullName;
}
