using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>What the app sets up, as far as this compilation shows it.</summary>
/// <param name="Scoped">Services and implementations registered as scoped and not also as singletons; generic ones also
/// as definitions.</param>
/// <param name="Endpoints">Methods and local functions mapped as endpoints by their names.</param>
internal sealed record Setup(HashSet<ISymbol> Scoped, HashSet<ISymbol> Endpoints)
{
    internal bool IsScoped(ITypeSymbol type) => Scoped.Contains(type)
        || (type is INamedTypeSymbol { IsGenericType: true } && Scoped.Contains(type.OriginalDefinition));
}
