using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;

namespace Lovage.Generators.Tests;

public sealed partial class CheckTests
{
    [Fact]
    public void Emit_JobWithoutAnnotations_HasNoCheck()
    {
        var generated =
            Source.Of(
                "public sealed record Order(string Name, List<Order>? More); public sealed class H { [Job] public "
                    + "void A(Order order, int count) { } }").Generate().Clean()[
                "H.g.cs"];

        Assert.DoesNotContain("Check", generated, StringComparison.Ordinal);
        Assert.DoesNotContain("Validat", generated, StringComparison.Ordinal);
        Assert.DoesNotContain("CheckPlain", Loaded.Value.Code, StringComparison.Ordinal);
        Assert.Equal("JobArguments", Bind("plain", """{"name":"","link":null,"numbers":null},"" """)
            .GetType()
            .GetMethod("Validate")!.DeclaringType!.Name);
    }

    [Fact]
    public void Emit_AttributeThatTrimmingMayBreak_IsToldOnlyWhereItIsWritten()
    {
        static string Emit(string attribute) =>
            Source.Of(
                "using System.ComponentModel.DataAnnotations; public sealed class H { [Job] public void "
                    + $"A([{attribute}] int[] a) {{ }} }}").Generate().Clean()[
                "H.g.cs"];

        Assert.Contains("IL2026", Emit("MinLength(1)"), StringComparison.Ordinal);
        Assert.DoesNotContain("IL2026", Emit("Required"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "LVG0018 at a",
        "public sealed class H { [Job] public void A([Own] int a) { } private sealed class OwnAttribute : "
            + "ValidationAttribute; }")]
    [InlineData(
        "LVG0018 at a",
        "public sealed class H { [Job] public void A([EnumDataType(typeof(Own))] int a) { } private enum Own; }")]
    [InlineData(
        "LVG0018 at a",
        "file sealed class OwnAttribute : ValidationAttribute; public sealed class H { [Job] public void A([Own] int "
            + "a) { } }")]
    [InlineData(
        "LVG0018 at order",
        "public sealed class Order { [System.Text.Json.Serialization.JsonInclude, Range(1, 2)] private int Count { "
            + "get; set; } } public sealed class H { [Job] public void A(int a, List<Order> order) { } }")]
    [InlineData(
        "LVG0018 at order",
        "public sealed class Order { [Own] public int A { get; set; } public Order? Next { get; set; } private sealed "
            + "class OwnAttribute : ValidationAttribute; } public sealed class H { [Job] public void A(Order order, "
            + "Order again) { } }")]
    public void Generate_AttributeOutOfReach_IsReportedWhereItIsReached(string expected, string code)
    {
        var generated = Source.Of("using System.ComponentModel.DataAnnotations;\n" + code).Generate();

        Assert.Equal([expected], generated.Findings);
        Assert.DoesNotContain(generated.CompilerFindings, static d => d.Severity == DiagnosticSeverity.Error);
        Assert.DoesNotContain("Check", generated["H.g.cs"], StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_GenericTypeWithoutEnd_IsCheckedToADepthAndReported()
    {
        var generated = Source.Of(
            "using System.ComponentModel.DataAnnotations; public sealed record Endless<T>(T? Value, "
                + "Endless<Endless<T>>? More, [Range(0, 1)] int Depth = 0); public sealed class H { [Job] public void "
                + "A(int a, Endless<int>? endless) { } }")
            .Generate();

        Assert.Equal(["LVG0018 at endless"], generated.Findings);
        Assert.DoesNotContain(generated.CompilerFindings, static d => d.Severity == DiagnosticSeverity.Error);
        Assert.Contains("CheckEndlessEndlessEndlessInt32", generated["H.g.cs"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "public sealed class @class { [Required] public string? @event { get; set; } } public sealed class H { [Job] "
            + "public void A([Required] string? @params, @class @class) { } }")]
    [InlineData(
        "#nullable disable\npublic sealed class O { [Required] public string S { get; set; } public List<O> Many { "
            + "get; set; } public Dictionary<string, O> Map { get; set; } } public sealed class H { [Job] public void "
            + "A(O o, List<O> many = null) { } }")]
    [InlineData(
        "public sealed class O { [Range(0, 1)] public int S { get; set; } public List<O?> Many { get; set; } = []; "
            + "public Dictionary<string, O?[]?>? Map { get; set; } public P<O?>? Pair { get; set; } } public sealed "
            + "record P<T>(T One, IEnumerable<T>? All); public sealed class H { [Job] public void A(O? o, "
            + "List<P<O?>?>? many) { } }")]
    [InlineData(
        "[Obsolete] public sealed class OldAttribute : ValidationAttribute; [Obsolete] public sealed class O { [Old] "
            + "public int S { get; set; } } public sealed class H { [Job, Obsolete] public void A(O o) { } }")]
    [InlineData(
        "public sealed class MinAttribute<T>(long min = -5, params T[] more) : ValidationAttribute { public long Min "
            + "=> min; public T[] More => more; } public sealed class H { [Job] public void A([Min<string>(1, \"a\")] "
            + "int a, [Min<int>] int b, [Min<string>(1, null!)] int c) { } }")]
    [InlineData(
        "public static class Outer { public sealed record O([Range(0, 1)] int A); } public static class Other { "
            + "public sealed record O([Range(0, 1)] int A, Outer.O B); } public sealed class Checks { public required "
            + "Other.O O { get; set; } } public sealed class H { [Job(\"a\")] public void A(Other.O o, Checks check, "
            + "int value, int job) { } [Job(\"b\")] public void B(Outer.O o) { } }")]
    [InlineData(
        "public sealed class O { [Range(0, 1)] public int A { get; set; } [Range(0, 1)] public static int B { get; "
            + "set; } [Range(0, 1)] public int this[int i] => i; [Range(0, 1)] public int C { set { } } public "
            + "ReadOnlySpan<byte> D => default; public unsafe int* E => null; [Range(0, 1)] public int F; } public "
            + "sealed class H { [Job] public void A(O o) { } }")]
    public void Generate_UnusualAnnotations_CompileWithoutAWarning(string code)
    {
        // Some of these members do not travel, and a rule of its own says so.
        var generated = Source.Of("using System.ComponentModel.DataAnnotations;\n" + code).Generate().Clean("LVG0027");

        Assert.Contains("void Validate(string job)", generated["H.g.cs"], StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_TypesOfAnotherAssembly_AreChecked()
    {
        var library = Source.Of(
            "using System.ComponentModel.DataAnnotations; namespace Data; public sealed record Order([Range(1, 2)] "
                + "int Count, IReadOnlyList<Order>? More);") with
        {
            AssemblyName = "Data",
        };
        var reference = library.Generate().Clean().ToReference();

        var generated = (Source.Of("public sealed class H { [Job] public void A(Data.Order[] orders) { } }") with
        {
            References = [reference],
        }).Generate().Clean();

        Assert.Contains(
            "CheckOrder(global::Lovage.Generated.JobArgumentCheck check, global::Data.Order value)",
            generated["H.g.cs"],
            StringComparison.Ordinal);
        Assert.Contains(
            "new global::System.ComponentModel.DataAnnotations.RangeAttribute(1, 2)",
            generated["H.g.cs"],
            StringComparison.Ordinal);
    }

    private static void Check(string job, string arguments) => Bind(job, arguments).Validate(job);

    private static JobArguments Bind(string job, string arguments) =>
        Definition(job).BindArguments!(job, Encoding.UTF8.GetBytes($"[[{arguments}],{{}},{{}}]"), new JobSerializer());

    private static JobDefinition Definition(string job) => Loaded.Value.Catalog.Jobs.Single(j => j.Name == job);

    private static Job Made(string method) =>
        (Job)Loaded.Value.Assembly.GetType("Shop.Use")!.GetMethod(method)!.Invoke(null, null)!;
}
