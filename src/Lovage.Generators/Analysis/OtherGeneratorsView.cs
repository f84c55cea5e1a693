using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>The user's code as another source generator sees it: without what <see cref="JobGenerator"/> wrote.
/// </summary>
/// <remarks>A file is bound once, when one of its endpoints uses generated code. Safe for several threads.</remarks>
internal sealed class OtherGeneratorsView(Compilation compilation)
{
    private readonly ConcurrentDictionary<SyntaxTree, SemanticModel> _models = new();
    private readonly Lazy<Compilation> _compilation = new(() =>
        compilation.RemoveSyntaxTrees(compilation.SyntaxTrees.Where(IsGenerated)));

    /// <summary>What the file means to the other generator.</summary>
    [SuppressMessage(
        "MicrosoftCodeAnalysisCorrectness",
        "RS1030",
        Justification = "No context has a model of this compilation. One model is kept for each file.")]
    internal SemanticModel Model(SyntaxTree tree) =>
        _models.GetOrAdd(tree, file => _compilation.Value.GetSemanticModel(file));

    /// <summary>True for a symbol that the other generator does not see.</summary>
    internal static bool IsHidden(ISymbol symbol) =>
        symbol.DeclaringSyntaxReferences.Any(static place => IsGenerated(place.SyntaxTree));

    // The compiler puts a generator's files into a folder that is named like the generator's type.
    private static bool IsGenerated(SyntaxTree tree) =>
        tree.FilePath.IndexOf(typeof(JobGenerator).FullName, StringComparison.Ordinal) >= 0;
}
