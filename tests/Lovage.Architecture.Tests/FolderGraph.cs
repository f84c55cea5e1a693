using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lovage.Architecture.Tests;

/// <summary>
/// One use: a file of folder <paramref name="From"/> names a type (or a member of one) that folder
/// <paramref name="To"/> declares.
/// </summary>
internal sealed record FolderUse(string From, string To, string Place, string Type);

/// <summary>
/// Which folder, or file, of a project names which other. A type belongs to the folder of the file that declares it;
/// documentation comments and using directives are no uses. What source generators add is missing here, so a name that
/// only they declare stays unbound and is skipped.
/// </summary>
internal sealed class FolderGraph
{
    private FolderGraph(
        IReadOnlyList<FolderUse> uses, IReadOnlyList<string> scattered, IReadOnlySet<string> folders, double boundShare)
    {
        Uses = uses;
        ScatteredTypes = scattered;
        Folders = folders;
        BoundShare = boundShare;
    }

    public IReadOnlyList<FolderUse> Uses { get; }

    /// <summary>Partial types with files in several folders: they belong nowhere.</summary>
    public IReadOnlyList<string> ScatteredTypes { get; }

    public IReadOnlySet<string> Folders { get; }

    /// <summary>The share of names the compiler could bind: when it falls, arrows go unseen.</summary>
    public double BoundShare { get; }

    /// <summary>The graph of a project's top-level folders.</summary>
    public static FolderGraph Of(string projectFolder, CSharpCompilation compilation) =>
        Of(projectFolder, compilation, path => FolderOf(projectFolder, path));

    /// <summary>The graph of a project's folders, or of its files, as the naming of a file says.</summary>
    public static FolderGraph Of(string projectFolder, CSharpCompilation compilation, Func<string, string> nameOf)
    {
        var trees = compilation.SyntaxTrees.Where(tree =>
            tree.FilePath.StartsWith(projectFolder + "/", StringComparison.Ordinal)).ToList();
        var folderOfTree = trees.ToDictionary(tree => tree, tree => nameOf(tree.FilePath));
        var uses = new List<FolderUse>();
        var scattered = new SortedSet<string>(StringComparer.Ordinal);
        var (bound, seen) = (0, 0);

        foreach (var tree in trees)
        {
            var model = compilation.GetSemanticModel(tree);
            foreach (var node in tree.GetRoot().DescendantNodes(descend => descend is not UsingDirectiveSyntax))
            {
                if (!IsName(node))
                {
                    continue;
                }

                var info = model.GetSymbolInfo(node);
                var symbols = info.Symbol is { } symbol ? [symbol] : info.CandidateSymbols;
                seen++;
                bound += symbols.IsEmpty ? 0 : 1;
                foreach (var type in symbols.Select(TypeOf).OfType<INamedTypeSymbol>())
                {
                    var homes = type.DeclaringSyntaxReferences.Select(declared => declared.SyntaxTree)
                        .Where(folderOfTree.ContainsKey)
                        .Select(declared => folderOfTree[declared])
                        .Distinct()
                        .ToList();
                    if (homes.Count > 1)
                    {
                        scattered.Add($"{type.ToDisplayString()} in {string.Join(", ", homes)}");
                    }

                    uses.AddRange(from home in homes
                                  where home != folderOfTree[tree]
                                  let line = tree.GetLineSpan(node.Span).StartLinePosition.Line + 1
                                  select new FolderUse(folderOfTree[tree], home, $"{tree.FilePath}:{line}", type.Name));
                }
            }
        }

        return new FolderGraph(
            uses, [.. scattered], folderOfTree.Values.ToHashSet(), seen == 0 ? 1 : (double)bound / seen);
    }

    /// <summary>The folders on one circle, in order, or nothing.</summary>
    public IReadOnlyList<string> FindCircle()
    {
        var arrows = Uses.Select(use => (use.From, use.To)).Distinct().ToLookup(arrow => arrow.From, arrow => arrow.To);
        var done = new HashSet<string>();
        var path = new List<string>();
        return Folders.Order(StringComparer.Ordinal).Select(Visit).FirstOrDefault(circle => circle.Count > 0) ?? [];

        IReadOnlyList<string> Visit(string folder)
        {
            if (path.IndexOf(folder) is >= 0 and var start)
            {
                return [.. path[start..], folder];
            }

            if (!done.Add(folder))
            {
                return [];
            }

            path.Add(folder);
            var circle = arrows[folder].Select(Visit).FirstOrDefault(found => found.Count > 0) ?? [];
            path.RemoveAt(path.Count - 1);
            return circle;
        }
    }

    /// <summary>Groups in which each one reaches each other, by Tarjan's algorithm; single ones are left out.</summary>
    public IReadOnlyList<IReadOnlyList<string>> FindCircles()
    {
        var arrows = Uses.Select(use => (use.From, use.To)).Distinct().ToLookup(arrow => arrow.From, arrow => arrow.To);
        var (numbers, lowest, path, found) = (
            new Dictionary<string, int>(), new Dictionary<string, int>(), new Stack<string>(),
            new List<IReadOnlyList<string>>());
        foreach (var folder in Folders.Order(StringComparer.Ordinal).Where(folder => !numbers.ContainsKey(folder)))
        {
            Visit(folder);
        }

        return found;

        void Visit(string folder)
        {
            numbers[folder] = lowest[folder] = numbers.Count;
            path.Push(folder);
            foreach (var next in arrows[folder])
            {
                if (!numbers.TryGetValue(next, out var number))
                {
                    Visit(next);
                    lowest[folder] = Math.Min(lowest[folder], lowest[next]);
                }
                else if (path.Contains(next))
                {
                    lowest[folder] = Math.Min(lowest[folder], number);
                }
            }

            if (lowest[folder] != numbers[folder])
            {
                return;
            }

            var group = new List<string>();
            do
            {
                group.Add(path.Pop());
            }
            while (group[^1] != folder);
            if (group.Count > 1)
            {
                group.Sort(StringComparer.Ordinal);
                found.Add(group);
            }
        }
    }

    private static bool IsName(SyntaxNode node) => node switch
    {
        // The name of a namespace is no use of it, and "var" says nothing by itself.
        SimpleNameSyntax name => !name.IsVar
            && name.FirstAncestorOrSelf<BaseNamespaceDeclarationSyntax>()?.Name.Span.Contains(name.Span) is not true,
        ImplicitObjectCreationExpressionSyntax or ConstructorInitializerSyntax => true,
        _ => false,
    };

    private static INamedTypeSymbol? TypeOf(ISymbol symbol)
    {
        var type = symbol switch
        {
            IAliasSymbol alias => alias.Target as INamedTypeSymbol,
            INamedTypeSymbol named => named,
            IMethodSymbol { ReducedFrom: { } extension } => extension.ContainingType,
            ITypeParameterSymbol or INamespaceSymbol => null,
            _ => symbol.ContainingType,
        };
        return type?.OriginalDefinition;
    }

    /// <summary>The top-level folder of a file; empty for a file that stands in none.</summary>
    public static string FolderOf(string projectFolder, string path)
    {
        var rest = path[(projectFolder.Length + 1)..];
        return rest.Contains('/', StringComparison.Ordinal) ? rest[..rest.IndexOf('/', StringComparison.Ordinal)] : "";
    }
}
