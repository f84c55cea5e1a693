using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Lovage.Generators;

/// <summary>
/// Reads registrations and mapped endpoints, once a compilation and only when a delegate makes it necessary. Safe for
/// use by several threads.
/// </summary>
internal sealed class SetupReader(
    Compilation compilation, KnownTypes known, Func<SyntaxTree, ImmutableArray<TextSpan>> places)
{
    private Setup? _setup;

    /// <summary>The setup. Two threads may read it at once; both find the same.</summary>
    internal Setup Get(CancellationToken cancellationToken) =>
        Volatile.Read(ref _setup) ?? Publish(Read(cancellationToken));

    /// <summary>The calls of a file that may register a service or map a method, found by their names alone.</summary>
    internal static ImmutableArray<TextSpan> Places(SyntaxTree tree) =>
    [
        .. tree.GetRoot()
            .DescendantNodes()
            .OfType<InvocationExpressionSyntax>()
            .Where(static call => Lifetime(NameOf(call)) is not null || MappedMethods(call).Any())
            .Select(static call => call.Span),
    ];

    /// <summary>
    /// What the code of a file means; null for a file of another project, which an editor shows us as source too.
    /// </summary>
    [SuppressMessage(
        "MicrosoftCodeAnalysisCorrectness",
        "RS1030",
        Justification = "A few calls of few files are bound, and only once a task's delegate captures something that "
            + "they decide about.")]
    internal SemanticModel? Model(SyntaxTree tree) =>
        compilation.ContainsSyntaxTree(tree) ? compilation.GetSemanticModel(tree) : null;

    private Setup Publish(Setup read) => Interlocked.CompareExchange(ref _setup, read, null) ?? read;

    private Setup Read(CancellationToken cancellationToken)
    {
        var scoped = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
        var singletons = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
        var endpoints = new HashSet<ISymbol>(SymbolEqualityComparer.Default);
        foreach (var tree in compilation.SyntaxTrees)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var calls = places(tree);
            if (calls.IsEmpty)
            {
                continue;
            }

            var root = tree.GetRoot(cancellationToken);
            var model = Model(tree)!;
            foreach (var place in calls)
            {
                var call = root.FindNode(place, getInnermostNodeForTie: true).FirstAncestorOrSelf<
                    InvocationExpressionSyntax>(node => node.Span == place)!;
                if (model.GetSymbolInfo(call, cancellationToken).Symbol is not IMethodSymbol method)
                {
                    continue;
                }

                if (Lifetime(method.Name) is { } isScoped)
                {
                    (isScoped ? scoped : singletons).UnionWith(
                        known.Registers(method) ? Registered(call, method, model) : []);
                }
                else if (known.MapsEndpoints(method))
                {
                    endpoints.UnionWith(MappedMethods(call)
                        .Select(named => model.GetSymbolInfo(named, cancellationToken))
                        .SelectMany(Methods));
                }
            }
        }

        scoped.ExceptWith(singletons);
        return new Setup(scoped, endpoints);
    }

    private static IEnumerable<ISymbol> Registered(
        InvocationExpressionSyntax call, IMethodSymbol method, SemanticModel model) =>
        method.TypeArguments
            .Concat(call.ArgumentList.Arguments.Select(static argument => argument.Expression)
                .OfType<TypeOfExpressionSyntax>()
                .Select(named => model.GetTypeInfo(named.Type).Type)
                .OfType<ITypeSymbol>())
            .Where(static type => type.TypeKind is not (TypeKind.TypeParameter or TypeKind.Error))
            .Select(static type => type is INamedTypeSymbol { IsUnboundGenericType: true }
                ? type.OriginalDefinition
                : type);

    private static IEnumerable<ISymbol> Methods(SymbolInfo found) =>
        (found.Symbol is { } symbol ? [symbol] : found.CandidateSymbols)
            .OfType<IMethodSymbol>()
            .Select(static method => method.OriginalDefinition);

    /// <summary>True for a registration as scoped, false for one as singleton, null for anything else.</summary>
    private static bool? Lifetime(string name) => name switch
    {
        "AddScoped"
            or "TryAddScoped"
            or "AddKeyedScoped"
            or "TryAddKeyedScoped"
            or "Scoped"
            or "KeyedScoped"
            or "AddDbContext"
            or "AddDbContextPool" => true,
        "AddSingleton"
            or "TryAddSingleton"
            or "AddKeyedSingleton"
            or "TryAddKeyedSingleton"
            or "Singleton"
            or "KeyedSingleton" => false,
        _ => null,
    };

    private static IEnumerable<ExpressionSyntax> MappedMethods(InvocationExpressionSyntax call) =>
        NameOf(call).StartsWith("Map", StringComparison.Ordinal)
            ? call.ArgumentList.Arguments.Select(static argument => argument.Expression).Where(
                static given => given.Kind() is SyntaxKind.IdentifierName or SyntaxKind.SimpleMemberAccessExpression)
            : [];

    private static string NameOf(InvocationExpressionSyntax call) => call.Expression switch
    {
        MemberAccessExpressionSyntax access => access.Name.Identifier.ValueText,
        MemberBindingExpressionSyntax binding => binding.Name.Identifier.ValueText,
        SimpleNameSyntax name => name.Identifier.ValueText,
        _ => "",
    };
}
