using Xunit;

namespace Lovage.Architecture.Tests;

/// <summary>
/// Inside each package arrows between folders go one way, and only few files may depend on each other.
/// </summary>
public sealed class CircleTests
{
    /// <summary>Files that may depend on each other at the most.</summary>
    private const int FilesMax = 3;

    private const string Core = "src/Lovage";

    private static readonly SourceFile[] Foundation = [.. Repository.Sources(Core)];

    /// <summary>Larger groups of files that depend on each other, by one file of each, with the reason.</summary>
    private static readonly Dictionary<string, string> ClosedHierarchies = new()
    {
        ["src/Lovage/Scheduling/Trigger.cs"] =
            "the triggers are a closed hierarchy: the base reads and writes all of them",
    };

    public static TheoryData<string> Packages =>
        [.. Repository.Projects
            .Where(project => project.StartsWith("src/", StringComparison.Ordinal))
            .Select(project => Path.GetDirectoryName(project)!.Replace('\\', '/'))];

    [Theory]
    [MemberData(nameof(Packages))]
    public void Folders_OfAPackage_MakeNoCircle(string package)
    {
        var graph = Graph(package, path => FolderGraph.FolderOf(package, path));

        Assert.True(graph.BoundShare > 0.8, $"Only {graph.BoundShare:P1} of the names of {package} bind.");
        Findings.None(graph.FindCircles().Select(circle => Describe(graph, circle)));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void Files_OfAPackage_MakeNoLargeCircle(string package)
    {
        var graph = Graph(package, ClassOf);

        Findings.None(graph.FindCircles()
            .Where(circle => circle.Count > FilesMax && !circle.Any(ClosedHierarchies.ContainsKey))
            .Select(circle => Describe(graph, circle)));
    }

    [Fact]
    public void ClosedHierarchies_EachEntry_IsStillNeeded()
    {
        var circles = Graph(Core, ClassOf).FindCircles().Where(circle => circle.Count > FilesMax);

        Findings.None(ClosedHierarchies.Keys.Where(file => !circles.Any(circle => circle.Contains(file))));
    }

    [Fact]
    public void FindCircles_PlantedOnes_AreFound()
    {
        SourceFile[] files =
        [
            new("sample/A/One.cs", "public class One { public Two? Two; }"),
            new("sample/B/Two.cs", "public class Two { public Three? Three; }"),
            new("sample/C/Three.cs", "public class Three { public One? One; public Four? Four; }"),
            new("sample/D/Four.cs", "public class Four { }"),
        ];

        var circle = Assert.Single(FolderGraph.Of("sample", SourceCompilation.Of(files)).FindCircles());

        Assert.Equal(["A", "B", "C"], circle);
    }

    /// <summary>Files of one partial class count as one.</summary>
    private static string ClassOf(string path) =>
        $"{Path.GetDirectoryName(path)!.Replace('\\', '/')}/{Path.GetFileName(path).Split('.')[0]}.cs";

    private static string Describe(FolderGraph graph, IReadOnlyList<string> circle)
    {
        var uses = from use in graph.Uses
                   where circle.Contains(use.From) && circle.Contains(use.To)
                   group use by (use.From, use.To) into arrow
                   select $"  {arrow.Key.From} -> {arrow.Key.To}: {arrow.Count()}, such as {arrow.First().Place} names "
                       + arrow.First().Type;
        return string.Join('\n', uses.Prepend($"a circle of {circle.Count}: {string.Join(", ", circle)}"));
    }

    private static FolderGraph Graph(string package, Func<string, string> nameOf)
    {
        var files = package == Core ? Foundation : [.. Foundation, .. Repository.Sources(package)];
        return FolderGraph.Of(package, SourceCompilation.Of(files, [$"{Core}/Lovage.csproj"]), nameOf);
    }
}
