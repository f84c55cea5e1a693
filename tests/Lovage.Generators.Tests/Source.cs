using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Lovage.Generators.Tests;

/// <summary>User code, compiled in memory against the real Lovage with the generator in the compiler.</summary>
internal sealed record Source(string Code)
{
    private static readonly ImmutableArray<MetadataReference> Framework =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static path => !IsLeftOut(path))
            .Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Lovage;
        """;

    public string AssemblyName { get; init; } = "Shop";

    public ImmutableDictionary<string, string> Properties { get; init; } = ImmutableDictionary<string, string>.Empty;

    public LanguageVersion Language { get; init; } = LanguageVersion.CSharp14;

    public ImmutableArray<MetadataReference> References { get; init; } = [];

    internal CSharpParseOptions ParseOptions => new(Language, DocumentationMode.Diagnose);

    /// <summary>What the compiler tells generators and analyzers of the build.</summary>
    internal AnalyzerConfigOptionsProvider BuildOptions => new Options(Properties);

    /// <summary>True for what stands beside the tests and that a user's code does not see by itself.</summary>
    internal static bool IsLeftOut(string path)
    {
        string[] names = ["xunit", "Microsoft.EntityFrameworkCore", "Npgsql", "Lovage.PostgreSql", "Polly"];
        return names.Any(name => Path.GetFileName(path).StartsWith(name, StringComparison.OrdinalIgnoreCase));
    }

    internal static Source Of(string code) => new(code);

    internal Source With(string property, string value) =>
        this with { Properties = Properties.Add("build_property." + property, value) };

    internal CSharpCompilation Compile() => CSharpCompilation.Create(
        AssemblyName,
        [Parse(Usings, "Usings.cs"), Parse(Code, "User.cs")],
        [.. Framework, .. References],
        new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            nullableContextOptions: NullableContextOptions.Enable,
            warningLevel: 9999,
            allowUnsafe: true));

    internal SyntaxTree Parse(string code, string path) => CSharpSyntaxTree.ParseText(code, ParseOptions, path);

    internal GeneratorDriver Driver() => CSharpGeneratorDriver.Create(
        [new JobGenerator().AsSourceGenerator()],
        parseOptions: ParseOptions,
        optionsProvider: BuildOptions,
        driverOptions: new GeneratorDriverOptions(
            IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    internal Generated Generate()
    {
        var driver = Driver().RunGeneratorsAndUpdateCompilation(
            Compile(), out var compilation, out var diagnostics, TestContext.Current.CancellationToken);
        var result = driver.GetRunResult().Results.Single();
        Assert.Null(result.Exception);
        return new Generated(compilation, diagnostics, result.GeneratedSources);
    }

    private sealed class Options(ImmutableDictionary<string, string> properties) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Values(properties);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;
    }

    private sealed class Values(ImmutableDictionary<string, string> properties) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, out string value) => properties.TryGetValue(key, out value!);
    }
}

/// <summary>What came out.</summary>
internal sealed record Generated(
    Compilation Compilation, ImmutableArray<Diagnostic> Diagnostics, ImmutableArray<GeneratedSourceResult> Sources)
{
    internal IEnumerable<string> Files => Sources.Select(static s => s.HintName)
        .Where(static name => name.EndsWith(".g.cs", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    internal string this[string file] => Sources.Single(s => s.HintName == file).SourceText.ToString();

    /// <summary>Each as <c>LVG0001 at text of the place</c>, or what the compiler says.</summary>
    internal IEnumerable<string> Findings =>
        Diagnostics.Select(static d => $"{d.Id} at {Text(d)}").Order(StringComparer.Ordinal);

    /// <summary>
    /// Everything the compiler finds wrong, warnings included, but for documentation of the user's own code.
    /// </summary>
    internal IEnumerable<Diagnostic> CompilerFindings =>
        Compilation.GetDiagnostics(TestContext.Current.CancellationToken)
            .Where(static d => d.Severity >= DiagnosticSeverity.Warning
                && !(d.Id is "CS1591" && d.Location.SourceTree?.FilePath is "User.cs"));

    /// <summary>Nothing was found, but for one rule where a test says so.</summary>
    internal Generated Clean(string? except = null)
    {
        Assert.Empty(Diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning && d.Id != except));
        Assert.Empty(CompilerFindings);
        return this;
    }

    internal MetadataReference ToReference()
    {
        using var image = Emit();
        return MetadataReference.CreateFromImage(image.ToArray());
    }

    internal Assembly Load()
    {
        using var image = Emit();
        return new AssemblyLoadContext("user code", isCollectible: true).LoadFromStream(image);
    }

    /// <summary>The catalog of the loaded assembly.</summary>
    internal JobCatalog Catalog(string type = "Shop.ShopJobs")
    {
        var catalog = Load().GetType(type) ?? throw new InvalidOperationException($"No type {type}.");
        return (JobCatalog)catalog.GetProperty("Catalog", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
    }

    private MemoryStream Emit()
    {
        var image = new MemoryStream();
        var emitted = Compilation.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(
            emitted.Success,
            string.Join('\n', emitted.Diagnostics.Where(static d => d.Severity == DiagnosticSeverity.Error)));
        image.Position = 0;
        return image;
    }

    private static string Text(Diagnostic diagnostic)
    {
        var place = diagnostic.Location;
        return place.SourceTree is { } tree ? tree.GetText().ToString(place.SourceSpan) : "nowhere";
    }
}
