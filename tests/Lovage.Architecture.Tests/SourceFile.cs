using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Lovage.Architecture.Tests;

/// <summary>A C# file: its path from the repository's root and its text.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    private static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.CSharp14, DocumentationMode.Parse);

    public SyntaxTree Tree => field ??= CSharpSyntaxTree.ParseText(Text, ParseOptions, Path);

    /// <summary>How a finding points at a place: <c>path:line</c>.</summary>
    public string At(SyntaxNode node) => At(node.SpanStart);

    public string At(int position) => $"{Path}:{Tree.GetText().Lines.GetLinePosition(position).Line + 1}";
}
