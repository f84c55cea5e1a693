using System.Reflection;
using System.Text.Json;

namespace Lovage.Generators.Tests;

/// <summary>What the generated code looks like from outside, and that no kind of class or name breaks it.</summary>
public sealed class FactoryTests
{
    [Theory]
    [InlineData("public sealed class H { [Job] public void A(int x) { } }", true)]
    [InlineData("internal sealed class H { [Job] public void A(int x) { } }", false)]
    [InlineData(
        "public sealed class H { [Job] internal void A(List<Inner[]> x) { } } internal sealed record Inner;", false)]
    [InlineData("public sealed class H { [Job] internal Inner A() => new(); } internal sealed record Inner;", false)]
    [InlineData("public sealed class H { [Job] internal void A(int x) { } }", true)]
    public void Factory_OfAHandler_IsAsAccessibleAsItsTypesAllow(string code, bool isPublic)
    {
        var factories = Source.Of(code).Generate().Clean().Load().GetType("HFactories")!;

        var factory = factories.GetMethod("A", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;
        Assert.Equal(isPublic, factories.IsPublic && factory.IsPublic);
    }

    [Theory]
    [InlineData(
        "namespace A.@event; public static class Outer { internal class @class { [Job] public void @new(string "
            + "@string, int value0, int job, int arguments, int reader) { } } } public static class Use { public "
            + "static Job Do() => Outer.@class.@new(\"a\", 1, 2, 3, reader: 4); }")]
    [InlineData(
        "public class Base { [Job] public void Run() { } } public sealed class Derived : Base { [Job] public void "
            + "Walk() { } } public static class Use { public static Job Do() => Derived.Walk(); public static Job "
            + "Up() => Base.Run(); }")]
    [InlineData(
        "public sealed class H { [Job(\"a\")] public void A(int x) { } [Job(\"b\")] public void A(string x) { } "
            + "[Job(\"c\")] public void AAsync() { } } public static class Use { public static Job[] Do() => [H.A(1), "
            + "H.A(\"x\"), H.A()]; }")]
    [InlineData(
        "public record H { [Job] public void A(int x) { } } public static class Use { public static Job Do() => "
            + "H.A(1); }")]
    [InlineData("public sealed class H { public H() { } public H(Uri uri) { } [Job] public void A() { } }")]
    [InlineData("public sealed class H { public required int Size { get; init; } [Job] public void A() { } }")]
    [InlineData(
        "[Obsolete] public sealed class Old; public sealed class H { [Job, Obsolete(\"no\")] public void A() { } }")]
    [InlineData(
        "public sealed partial class H { [Job] public partial void A(int x); public partial void A(int x) { } }")]
    [InlineData(
        "public sealed class H { [Job] public void A(int x) => Other(H.A(2)); private static void Other(Job job) { } "
            + "}")]
    [InlineData(
        "public sealed class Ha { [Job(\"a\")] public void A() { } } public sealed class HA { [Job(\"b\")] public "
            + "void A() { } } public sealed class LovageCatalog { [Job] public void A() { } }")]
    [InlineData(
        "public sealed class HFactories; public sealed class HBindings; public sealed class H { [Job] public void "
            + "A(int x) { } }")]
    [InlineData(
        "#nullable disable\npublic sealed class H { [Job] public string A(string x = null, List<string> y = null) => "
            + "x; }")]
    [InlineData(
        "public sealed class H { [Job] public Task<List<string?>?> AAsync(Dictionary<string, string?> x, string y = "
            + "null!, CancellationToken token = default) => null!; }")]
    [InlineData(
        "[Flags] public enum E : ulong { None, A = 1, B = 2 } public sealed class H { [Job] public void A(E e = E.A | "
            + "E.B, E? f = E.B, Guid g = default, byte b = 3, float d = float.NaN, char c = '\\n', long l = "
            + "long.MinValue) { } }")]
    public void Generate_UnusualCode_CompilesWithoutAWarning(string code) => Source.Of(code).Generate().Clean();

    [Fact]
    public void Factory_NullForANotNullParameter_IsACompilerWarning()
    {
        var generated = Source.Of(
            "public sealed class H { [Job] public void A(string x, string? y) { } } public static class Use { public "
                + "static Job Do() => H.A(null, null); }")
            .Generate();

        Assert.Equal(["CS8625"], generated.CompilerFindings.Select(static d => d.Id));
    }

    [Fact]
    public void Generate_SameCodeInAnotherOrder_WritesTheSame()
    {
        const string First = "public sealed class A { [Job] public void X() { } [Job] public void Y() { } }";
        const string Second = "public sealed class B { [Job] public void X() { } }";

        var one = Source.Of($"{First}\n{Second}").Generate();
        var other = Source.Of($"{Second}\n{First}").Generate();

        Assert.Equal(one.Files, other.Files);
        Assert.All(one.Files, file => Assert.Equal(one[file], other[file]));
    }

    [Theory]
    [InlineData("userId")]
    [InlineData("UserID")]
    [InlineData("XMLHttpRequest")]
    [InlineData("item2Count")]
    [InlineData("A1B2")]
    [InlineData("user_id")]
    [InlineData("_x")]
    [InlineData("ÄpfelÜber")]
    public void SnakeCase_OfAName_IsThatOfTheSerializer(string name) =>
        Assert.Equal(JsonNamingPolicy.SnakeCaseLower.ConvertName(name), Naming.SnakeCase(name));
}
