using Xunit;

namespace Lovage.Architecture.Tests;

public sealed class SourceRuleTests
{
    private static readonly SourceFile[] Library = [.. Repository.Sources("src")];

    private static readonly SourceFile[] All =
        [.. Library, .. Repository.Sources("tests"), .. Repository.Sources("samples"), .. Repository.Sources("bench")];

    // What a reader meets everywhere holds everywhere; what shapes a library holds for the library.
    private static readonly HashSet<string> Everywhere = ["widths", "riddles", "constructors", "lengths", "unfinished"];

    private static readonly Dictionary<string, Func<IReadOnlyList<SourceFile>, IEnumerable<string>>> Rules = new()
    {
        ["sealed"] = SourceRules.UnsealedClasses,
        ["interfaces"] = SourceRules.UnknownInterfaces,
        ["names"] = SourceRules.VagueNames,
        ["lengths"] = SourceRules.LongFiles,
        ["widths"] = SourceRules.WideLines,
        ["constructors"] = SourceRules.LongConstructors,
        ["riddles"] = SourceRules.Riddles,
        ["unfinished"] = SourceRules.UnfinishedWork,
        ["silenced"] = SourceRules.SilencedWarnings,
        ["observers"] = SourceRules.UnguardedObservers,
        ["defaults"] = SourceRules.OptionsWithoutDefault,
        ["event ids"] = files => SourceRules.EventIdClashes(SourceCompilation.Of(files)),
    };

    public static TheoryData<string> RuleNames => [.. Rules.Keys];

    [Theory]
    [MemberData(nameof(RuleNames))]
    public void Library_EveryRule_Holds(string rule)
    {
        Assert.NotEmpty(Library);
        Findings.None(Rules[rule](Everywhere.Contains(rule) ? All : Library));
    }

    [Fact]
    public void Pages_EachLine_EndsInTime()
    {
        var pages = Repository.Pages().ToList();

        Assert.NotEmpty(pages);
        Findings.None(SourceRules.WideLines(pages));
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
    [InlineData("constructors", "public sealed class A(int a, int b, int c, int d, int e, int f, int g, int h);")]
    [InlineData(
        "constructors",
        "public sealed class A { public A(int a, int b, int c, int d, int e, int f, int g, int h) { } }")]
    [InlineData("riddles", "// Who" + "ever comes second waits.\n")]
    [InlineData("riddles", "public sealed class A { public const string Text = \"Jobs that were given" + " back.\"; }")]
    [InlineData("riddles", "public sealed class A { public string Text(int n) => $\"{n} that no" + "body knows\"; }")]
    [InlineData("unfinished", "// TODO: later\n")]
    [InlineData("unfinished", "/// <summary>HACK</summary>\npublic sealed class A { }")]
    [InlineData("silenced", "#pragma warning disable CA1031\n")]
    [InlineData("observers", "sealed class A { object B(ILoggerFactory all) => all.CreateLogger(\"a\"); }")]
    [InlineData("observers", "sealed class A { object? B(ActivitySource all) => all.StartActivity(\"a\"); }")]
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
    [InlineData("constructors", "public sealed class A(int a, int b, int c, int d, int e, int f, int g);")]
    [InlineData("riddles", "public sealed class No" + "body { } // Blest are the workers that somebodies know.\n")]
    [InlineData("unfinished", "public sealed class A { public const string Text = \"TODO\"; }")]
    [InlineData(
        "observers",
        "sealed class A : AttemptListener<R> { object? B(ActivitySource all) => all.StartActivity(\"a\"); }")]
    [InlineData("observers", "sealed class A { object B(ILoggerFactory all) => all.Guarded(\"a\"); }")]
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
    public void WideLines_OneColumnTooMany_IsFound()
    {
        static SourceFile File(int columns) => new("src/Sample/Sample.cs", "//" + new string('x', columns - 2));

        Assert.Empty(SourceRules.WideLines([File(SourceRules.ColumnsMax)]));
        Assert.Single(SourceRules.WideLines([File(SourceRules.ColumnsMax + 1)]));
    }

    [Fact]
    public void Pages_OfTheDocumentation_AskNoRiddles()
    {
        // Decisions keep the words in which they were taken, and one line of CONTRIBUTING.md lists the words.
        var pages = Repository.Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal)
            && !file.StartsWith("docs/adr/", StringComparison.Ordinal));

        Findings.None(from page in pages
                      from line in Repository.Read(page).Split('\n')
                      where !line.StartsWith("- Riddling words:", StringComparison.Ordinal)
                      from riddle in SourceRules.RiddlesOf(line)
                      select $"{page}: \"{riddle}\"; name the actor");
    }

    [Fact]
    public void LongFiles_OneLineTooMany_IsFound()
    {
        static SourceFile File(int lines) =>
            new("src/Sample/Sample.cs", string.Concat(Enumerable.Repeat("// line\n", lines)));

        Assert.Empty(SourceRules.LongFiles([File(SourceRules.LinesMax)]));
        Assert.Single(SourceRules.LongFiles([File(SourceRules.LinesMax + 1)]));
    }
}
