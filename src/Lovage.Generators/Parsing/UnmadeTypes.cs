using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>
/// Finds payload types of the app that JSON cannot make again: most of them are services, which an attempt takes from
/// its scope.
/// </summary>
internal static class UnmadeTypes
{
    private const string Json = "System.Text.Json.Serialization.";

    /// <summary>Why it is no data; null when it may be.</summary>
    internal static string? WhyNot(ITypeSymbol type)
    {
        if (type is not INamedTypeSymbol { TypeKind: TypeKind.Class, IsAbstract: false } named
            || Types.IsFramework(named)
            || Types.HasAttribute(named, Json + "JsonConverterAttribute", Json + "JsonDerivedTypeAttribute")
            || named.AllInterfaces.Any(static i => i.SpecialType == SpecialType.System_Collections_IEnumerable))
        {
            return null;
        }

        if (JsonConstructor.Of(named) is not { } constructor)
        {
            return "it has no constructor that JSON can call";
        }

        var members = Types.SelfAndBases(named).SelectMany(static t => t.GetMembers()).ToArray();
        var unmatched = constructor.Parameters.FirstOrDefault(parameter => !members.Any(member => IsData(member)
            && string.Equals(member.Name, parameter.Name, StringComparison.OrdinalIgnoreCase)));
        return unmatched is not null
                ? $"no property holds '{unmatched.Name}' of its constructor, so JSON cannot make it again"
            : named.IsRecord || members.Any(IsData) || !members.Any(IsMethod) ? null
            : "it has methods and no data";
    }

    /// <summary>True for <c>object</c>, and for a collection that holds it.</summary>
    internal static bool IsUntyped(ITypeSymbol type) => type switch
    {
        { SpecialType: SpecialType.System_Object } => true,
        IArrayTypeSymbol array => IsUntyped(array.ElementType),
        INamedTypeSymbol named when Types.IsFramework(named) => named.TypeArguments.Any(IsUntyped),
        _ => false,
    };

    private static bool IsData(ISymbol member) => !member.IsStatic && member switch
    {
        IPropertySymbol { IsIndexer: false, DeclaredAccessibility: Accessibility.Public } => true,
        IFieldSymbol { IsImplicitlyDeclared: false, DeclaredAccessibility: Accessibility.Public } => true,
        IPropertySymbol or IFieldSymbol => Types.HasAttribute(member, Json + "JsonIncludeAttribute"),
        _ => false,
    };

    private static bool IsMethod(ISymbol member) => member is IMethodSymbol
    {
        MethodKind: MethodKind.Ordinary,
        DeclaredAccessibility: Accessibility.Public,
        IsOverride: false,
        IsStatic: false,
        IsImplicitlyDeclared: false,
        ContainingType.SpecialType: not SpecialType.System_Object,
    };
}
