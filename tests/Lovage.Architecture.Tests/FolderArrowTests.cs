using Xunit;

namespace Lovage.Architecture.Tests;

public sealed class FolderArrowTests
{
    private const string Core = "src/Lovage";

    private static readonly Dictionary<string, string[]> TwoFolders = new() { ["Low"] = [], ["High"] = ["Low"] };

    private static readonly Lazy<FolderGraph> CoreGraph =
        new(() => FolderGraph.Of(Core, SourceCompilation.Of(Repository.Sources(Core), [$"{Core}/Lovage.csproj"])));

    [Fact]
    public void Core_Arrows_StayWithinTheTable() =>
        Findings.None(CoreFolders.Violations(CoreGraph.Value, CoreFolders.AllowedArrows));

    [Fact]
    public void Core_Arrows_MakeNoCircle() => Assert.Empty(CoreGraph.Value.FindCircle());

    [Fact]
    public void Core_Arrows_AreSeen()
    {
        // If binding were broken, the tests above would see no arrow and pass.
        var graph = CoreGraph.Value;
        Assert.True(graph.BoundShare > 0.97, $"Only {graph.BoundShare:P1} of the names bind.");
        var silent = graph.Folders.Where(
            folder => folder is not ("Jobs" or "Diagnostics") && graph.Uses.All(use => use.From != folder));
        Findings.None(silent.Select(folder => $"{folder} names no other folder"));
        Assert.True(
            graph.Uses.Count >= 10 * (graph.Folders.Count - 1),
            $"Only {graph.Uses.Count} uses among {graph.Folders.Count} folders.");
    }

    [Fact]
    public void Violations_AllowedArrow_AreNone()
    {
        var graph = Sample("public class A { }", "public class B { private readonly A a = new(); }");

        Assert.Empty(CoreFolders.Violations(graph, TwoFolders));
        Assert.NotEmpty(graph.Uses);
    }

    [Theory]
    [InlineData("public class A { public B? Field; }")]
    [InlineData("public class A { public object Make() => B.Create(); }")]
    [InlineData("public class A : B { }")]
    [InlineData("public class A { public string Of(object value) => value.Word(); }")]
    [InlineData("public class A { public Type Of() => typeof(List<B[]>); }")]
    [InlineData("public class A { public System.IO.Stream? Missing(NotThere x) => Unbound.Of(new B()); }")]
    public void Violations_PlantedArrowUp_AreFound(string low)
    {
        var graph = Sample(
            low,
            "public class B { public static B Create() => new(); } public static class Words { public static string "
                + "Word(this object value) => \"\"; }");

        Assert.Contains(
            CoreFolders.Violations(graph, TwoFolders),
            finding => finding.StartsWith("Low -> High: sample/Low/A.cs:", StringComparison.Ordinal));
    }

    [Fact]
    public void Violations_MentionInADocumentationComment_IsNoArrow()
    {
        var graph = Sample("/// <summary>See <see cref=\"B\"/>.</summary>\npublic class A { }", "public class B { }");

        Assert.Empty(CoreFolders.Violations(graph, TwoFolders));
    }

    [Fact]
    public void Violations_PartialTypeInTwoFolders_IsFound()
    {
        var graph = Sample("public partial class A { }", "public partial class A { public static A One() => new(); }");

        Assert.Contains("a partial type in several folders: A in Low, High", CoreFolders.Violations(graph, TwoFolders));
    }

    [Fact]
    public void FindCircle_TwoFoldersNamingEachOther_ReturnsThem()
    {
        var graph = Sample("public class A { public B? Field; }", "public class B { public A? Field; }");

        Assert.Equal(["High", "Low", "High"], graph.FindCircle());
    }

    private static FolderGraph Sample(string low, string high) =>
        FolderGraph.Of(
            "sample",
            SourceCompilation.Of([new SourceFile("sample/Low/A.cs", low), new SourceFile("sample/High/B.cs", high)]));
}
