using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Lovage.Generators.Tests;

/// <summary>The blocks of C# in the readme and the documentation compile, a page as one project.</summary>
/// <remarks>
/// A line with a comment such as <c>// LVG0021</c> shows a mistake: the test expects that diagnostic there.
/// </remarks>
public sealed class PageTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Pages");

    // Packages of the pages that stand beside the tests and that the other tests must not see.
    private static readonly ImmutableArray<MetadataReference> Packages =
    [
        .. Directory.GetFiles(AppContext.BaseDirectory, "*.dll")
            .Where(static path => Source.IsLeftOut(path))
            .Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    public static TheoryData<string> Pages =>
        [.. Directory.GetFiles(Folder, "*.md").Select(static path => Path.GetFileName(path)).Order()];

    [Fact]
    public void Pages_All_AreHere() => Assert.Superset(
        new HashSet<string> { "README.md", "getting-started.md", "jobs.md", "errors.md" },
        Pages.Select(static page => page.Data).ToHashSet());

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Page_Blocks_Compile(string page)
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Folder, page), TestContext.Current.CancellationToken);
        var blocks = PageBlock.Of(page, lines);

        Assert.DoesNotContain(blocks, static block => block.NotCompiled is "");
        var found = await FindingsAsync([.. blocks.Where(static block => block.NotCompiled is null)], page);

        Assert.Empty(found.Where(finding => !IsExpected(finding)).Select(static finding => finding.ToString()));
        Assert.All(
            Enumerable.Range(0, lines.Length).Where(i => Expected(lines[i]) is not null),
            i => Assert.Contains(found, finding => finding.Line == i && finding.Id == Expected(lines[i])));

        bool IsExpected(Finding finding) => finding.Line < lines.Length && Expected(lines[finding.Line]) is not null;
    }

    private static string? Expected(string line) =>
        line.IndexOf("// LVG", StringComparison.Ordinal) is >= 0 and var place ? line[(place + 3)..(place + 10)] : null;

    private static async Task<IReadOnlyList<Finding>> FindingsAsync(PageBlock[] blocks, string page)
    {
        if (blocks.Length == 0)
        {
            return [];
        }

        var own = blocks.SelectMany(static block => block.Types()).ToHashSet();
        var app = string.Join('\n', PageApp.Types.Where(type => !own.Contains(type.Key)).Select(static t => t.Value));
        var source = (Source.Of(PageApp.Code + "\n" + app) with { AssemblyName = "Shop.Jobs", References = Packages })
            .With(EndpointAnalyzer.Property["build_property.".Length..], page == "errors.md" ? "true" : "false");
        var files = blocks.Select(block => source.Parse(block.ToFile(), $"Block{block.Line}.cs"));
        source.Driver().RunGeneratorsAndUpdateCompilation(
            source.Compile().AddSyntaxTrees(files),
            out var compilation,
            out var diagnostics,
            TestContext.Current.CancellationToken);
        var all = await compilation
            .WithAnalyzers(
                [new TaskCaptureAnalyzer(), new JobFactoryAnalyzer(), new EndpointAnalyzer()],
                new AnalyzerOptions([], source.BuildOptions))
            .GetAllDiagnosticsAsync(TestContext.Current.CancellationToken);
        return
        [
            .. all.Concat(diagnostics)
                .Where(static d => d.Severity == DiagnosticSeverity.Error
                    || (d.Severity == DiagnosticSeverity.Warning && d.Id.StartsWith("LVG", StringComparison.Ordinal)))
                .Select(static d => new Finding(
                    d.Id, d.Location.GetMappedLineSpan().StartLinePosition.Line, d.ToString())),
        ];
    }

    private sealed record Finding(string Id, int Line, string Text)
    {
        public override string ToString() => Text;
    }
}
