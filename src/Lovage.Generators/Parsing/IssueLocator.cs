using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lovage.Generators;

/// <summary>
/// Finds the place of an issue in the source as it is now. Models carry no places, so typing elsewhere leaves them
/// equal. A place found here belongs to a syntax tree, so <c>#pragma warning disable</c> works.
/// </summary>
internal static class IssueLocator
{
    /// <summary>What an issue names a method by.</summary>
    internal static string Id(ISymbol symbol)
    {
        for (var current = symbol; current is not null; current = current.ContainingSymbol)
        {
            if (current.GetDocumentationCommentId() is { Length: > 0 } id
                && current
                    is not IMethodSymbol { MethodKind: MethodKind.LocalFunction or MethodKind.AnonymousFunction })
            {
                return id;
            }
        }

        return "";
    }

    internal static LocatedIssue Locate(Compilation compilation, Issue issue)
    {
        var symbol = issue.Target.Length == 0
            ? null
            : DocumentationCommentId.GetFirstSymbolForDeclarationId(issue.Target, compilation);
        return new LocatedIssue(issue.Rule, symbol is null ? Location.None : Place(symbol, issue), issue.Values);
    }

    private static Location Place(ISymbol symbol, Issue issue)
    {
        if (issue.Argument is { } argument && Attribute(symbol) is { } attribute)
        {
            return Find(attribute, argument)?.GetLocation() ?? attribute.GetLocation();
        }

        var named = symbol is IMethodSymbol method && issue.Parameter >= 0 && issue.Parameter < method.Parameters.Length
            ? method.Parameters[issue.Parameter]
            : symbol;
        return named.Locations.FirstOrDefault(static place => place.IsInSource) ?? Location.None;
    }

    private static AttributeSyntax? Attribute(ISymbol symbol) =>
        symbol.GetAttributes().FirstOrDefault(
            static a => a.AttributeClass is { } type && Types.FullName(type) == AttributeNames.Job)
            ?.ApplicationSyntaxReference?.GetSyntax() as AttributeSyntax;

    private static AttributeArgumentSyntax? Find(AttributeSyntax attribute, string argument) =>
        attribute.ArgumentList?.Arguments.FirstOrDefault(given =>
            given.NameEquals?.Name.Identifier.ValueText == argument
            || given.NameColon?.Name.Identifier.ValueText == argument
            || (argument == "name" && given.NameEquals is null && given.NameColon is null));
}
