using Xunit;

namespace Lovage.Architecture.Tests;

public sealed class SourceRuleTests
{
    private static readonly SourceFile[] Library = [.. Repository.Sources("src")];

    private static readonly Dictionary<string, Func<IReadOnlyList<SourceFile>, IEnumerable<string>>> Rules = new()
    {
        ["sealed"] = SourceRules.UnsealedClasses,
        ["interfaces"] = SourceRules.UnknownInterfaces,
        ["names"] = SourceRules.VagueNames,
        ["lengths"] = SourceRules.LongFiles,
        ["unfinished"] = SourceRules.UnfinishedWork,
        ["silenced"] = SourceRules.SilencedWarnings,
        ["defaults"] = SourceRules.OptionsWithoutDefault,
        ["event ids"] = files => SourceRules.EventIdClashes(SourceCompilation.Of(files)),
    };

    public static TheoryData<string> RuleNames => [.. Rules.Keys];

    [Theory]
    [MemberData(nameof(RuleNames))]
    public void Library_EveryRule_Holds(string rule)
    {
        Assert.NotEmpty(Library);
        Findings.None(Rules[rule](Library));
    }

    [Fact]
    public void UnsealedTypes_EachEntry_IsStillNeeded()
    {
        var openTypes = Library.SelectMany(file => file.Tree.GetRoot().DescendantNodes())
            .OfType<Microsoft.CodeAnalysis.CSharp.Syntax.TypeDeclarationSyntax>()
            .Select(type => type.Identifier.Text + type.TypeParameterList);

        Findings.None(SourceRules.UnsealedTypes.Keys.Except(openTypes));
    }

    [Theory]
    [InlineData("sealed", "public class Open { }")]
    [InlineData("sealed", "public sealed class Outer { private partial class Inner { } }")]
    [InlineData("sealed", "internal record Open(int Number);")]
    [InlineData("interfaces", "public interface IThing { }")]
    [InlineData("names", "public sealed class JobHelpers { }")]
    [InlineData("names", "internal static class LeaseManager { }")]
    [InlineData("names", "internal readonly record struct Util<T>;")]
    [InlineData("unfinished", "// TODO: later\n")]
    [InlineData("unfinished", "/// <summary>HACK</summary>\npublic sealed class A { }")]
    [InlineData("silenced", "#pragma warning disable CA1031\n")]
    [InlineData(
        "defaults",
        "public sealed class WorkerOptions { /// <summary>How many.</summary>\n public int Concurrency { get; set; } "
            + "}")]
    [InlineData("defaults", "public sealed class WorkerOptions { public int Concurrency { get; set; } }")]
    [InlineData(
        "event ids",
        "static partial class Log { [LoggerMessage(1, 0, \"a\")] static partial void A(); [LoggerMessage(EventId = "
            + "Ids.One)] static partial void B(); } static class Ids { public const int One = 1; }")]
    [InlineData("event ids", "static partial class Log { [LoggerMessage(Message = \"a\")] static partial void A(); }")]
    public void Rule_PlantedViolation_IsFound(string rule, string text) =>
        Assert.Single(Rules[rule]([new SourceFile("src/Sample/Sample.cs", text)]));

    [Theory]
    [InlineData(
        "sealed",
        "public abstract class Seam { } public static class Words { } public sealed record Value; public readonly "
            + "record struct Id;")]
    [InlineData(
        "interfaces",
        "internal interface IThing { } public interface IJobFilter { } internal sealed class A { public interface "
            + "IInner { } }")]
    [InlineData("names", "public sealed class Utilization { } public sealed class HelperlessStart { }")]
    [InlineData("unfinished", "public sealed class A { public const string Text = \"TODO\"; }")]
    [InlineData("silenced", "public sealed class A { public const string Text = \"#pragma warning disable\"; }")]
    [InlineData(
        "defaults",
        "public sealed class WorkerOptions { /// <summary>How many; 8 by default.</summary>\n public int Concurrency "
            + "{ get; set; } }")]
    [InlineData(
        "event ids",
        "static partial class Log { [LoggerMessage(1, 0, \"a\")] static partial void A(); [LoggerMessage(EventId = "
            + "Ids.One + 1)] static partial void B(); } static class Ids { public const int One = 1; }")]
    public void Rule_DecentSource_Passes(string rule, string text) =>
        Assert.Empty(Rules[rule]([new SourceFile("src/Sample/Sample.cs", text)]));

    [Fact]
    public void LongFiles_OneLineTooMany_IsFound()
    {
        static SourceFile File(int lines) =>
            new("src/Sample/Sample.cs", string.Concat(Enumerable.Repeat("// line\n", lines)));

        Assert.Empty(SourceRules.LongFiles([File(SourceRules.LinesMax)]));
        Assert.Single(SourceRules.LongFiles([File(SourceRules.LinesMax + 1)]));
    }
}
