using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>The constructor that System.Text.Json calls when it reads a type.</summary>
internal static class JsonConstructor
{
    private const string Attribute = "System.Text.Json.Serialization.JsonConstructorAttribute";

    /// <summary>
    /// The one that is marked, one without parameters, or the only public one. Of a struct, the marked one or the one
    /// without parameters. Null when there is none.
    /// </summary>
    internal static IMethodSymbol? Of(INamedTypeSymbol type)
    {
        var all = type.InstanceConstructors;
        if (all.FirstOrDefault(static one => Types.HasAttribute(one, Attribute)) is { } marked)
        {
            return marked;
        }

        // A record's copy constructor is not public, or is implicit.
        var open = all.Where(static one => one.DeclaredAccessibility == Accessibility.Public
            && !(one.IsImplicitlyDeclared && one.Parameters.Length == 1)).ToList();
        return open.FirstOrDefault(static one => one.Parameters.Length == 0)
            ?? (open.Count == 1 && !type.IsValueType ? open[0] : null);
    }
}
