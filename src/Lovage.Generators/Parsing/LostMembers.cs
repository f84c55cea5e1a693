using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lovage.Generators;

/// <summary>
/// Finds what of an argument or a result does not come back: System.Text.Json leaves out public fields, and writes
/// members that it cannot set.
/// </summary>
/// <remarks>
/// It follows members of the app's own types, elements included. A member that is computed from others is no loss, and
/// a type with a converter of its own is its author's.
/// </remarks>
internal sealed class LostMembers
{
    private const int FindingsMax = 3;
    private const int DepthMax = 8;
    private const string Json = "System.Text.Json.Serialization.";

    private readonly HashSet<ITypeSymbol> _seen = new(SymbolEqualityComparer.Default);
    private readonly List<string> _findings = [];

    /// <summary>Up to three members, each with the reason.</summary>
    internal static IReadOnlyList<string> Of(ITypeSymbol type)
    {
        var search = new LostMembers();
        search.Follow(type, "", DepthMax);
        return search._findings;
    }

    private void Follow(ITypeSymbol type, string path, int depth)
    {
        if (depth == 0 || _findings.Count >= FindingsMax)
        {
            return;
        }

        switch (type)
        {
            case IArrayTypeSymbol array:
                Follow(array.ElementType, path, depth - 1);
                break;
            case INamedTypeSymbol named when Types.IsFramework(named):
                foreach (var argument in named.TypeArguments)
                {
                    Follow(argument, path, depth - 1);
                }

                break;
            case INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct } named when IsPlain(named)
                && _seen.Add(named):
                foreach (var member in Types.SelfAndBases(named)
                    .Where(static t => !Types.IsFramework(t))
                    .SelectMany(static t => t.GetMembers()))
                {
                    Look(named, member, path, depth);
                }

                break;
        }
    }

    private void Look(INamedTypeSymbol owner, ISymbol member, string path, int depth)
    {
        if (member.IsStatic
            || member.DeclaredAccessibility != Accessibility.Public
            || Types.HasAttribute(member, Json + "JsonIgnoreAttribute", Json + "JsonConverterAttribute",
                Json + "JsonIncludeAttribute", Json + "JsonExtensionDataAttribute",
                Json + "JsonObjectCreationHandlingAttribute"))
        {
            return;
        }

        var place = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
        switch (member)
        {
            case IFieldSymbol { IsImplicitlyDeclared: false, IsConst: false }:
                Add(place, "it is a public field, which JSON leaves out; make it a property");
                break;
            case IPropertySymbol { IsIndexer: false, GetMethod.DeclaredAccessibility: Accessibility.Public } property:
                if (PayloadTypes.WhyNot(property.Type) is { } reason)
                {
                    Add(place, reason);
                }
                else if (!CanBeSet(owner, property) && HoldsState(property))
                {
                    Add(
                        place,
                        "JSON writes it and cannot set it; give it a setter, init, or a constructor's parameter of its "
                            + "name and type");
                }
                else
                {
                    Follow(property.Type, place, depth - 1);
                }

                break;
        }
    }

    private void Add(string place, string reason)
    {
        if (_findings.Count < FindingsMax)
        {
            _findings.Add($"'{place}': {reason}");
        }
    }

    /// <summary>True for a type that System.Text.Json takes apart by itself.</summary>
    private static bool IsPlain(INamedTypeSymbol type) =>
        !Types.HasAttribute(type, Json + "JsonConverterAttribute")
        && !type.AllInterfaces.Any(static i => i.SpecialType == SpecialType.System_Collections_IEnumerable);

    private static bool CanBeSet(INamedTypeSymbol owner, IPropertySymbol property) =>
        property.SetMethod is { DeclaredAccessibility: Accessibility.Public }
        || JsonConstructor.Of(owner)?.Parameters.Any(parameter =>
            string.Equals(parameter.Name, property.Name, StringComparison.OrdinalIgnoreCase)
            && SymbolEqualityComparer.Default.Equals(parameter.Type, property.Type)) == true;

    /// <summary>
    /// True for a property that holds a value of its own, or hands out a field. Of a type from another assembly only
    /// what its metadata shows is known.
    /// </summary>
    private static bool HoldsState(IPropertySymbol property)
    {
        var members = property.ContainingType.GetMembers();
        return members.OfType<IFieldSymbol>().Any(
                field => SymbolEqualityComparer.Default.Equals(field.AssociatedSymbol, property))
            || (property.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() is PropertyDeclarationSyntax
            {
                ExpressionBody.Expression: IdentifierNameSyntax name,
            }
                && members.OfType<IFieldSymbol>().Any(field => field.Name == name.Identifier.Text));
    }
}
