using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>A property or field that travels as JSON.</summary>
/// <param name="Symbol">The property or field.</param>
/// <param name="Reader">What reading it calls.</param>
/// <param name="Type">Its type.</param>
/// <param name="WireName">Its name in JSON.</param>
/// <param name="Attributes">Its own attributes, those it inherits, and those of the constructor's parameter that sets
/// it.</param>
internal sealed record JsonMember(
    ISymbol Symbol, ISymbol Reader, ITypeSymbol Type, string WireName, IReadOnlyList<AttributeData> Attributes);

/// <summary>Reads which members of a type travel as JSON, and which attributes are meant for them.</summary>
internal sealed class MemberParser(INamedTypeSymbol type)
{
    private const string Json = "System.Text.Json.Serialization.";

    // Of JsonIgnoreCondition.
    private static readonly int[] NeverBothWays = [1, 4, 5];

    internal IEnumerable<JsonMember> Members()
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var parameters = ConstructorParameters();
        foreach (var member in Lineage().SelectMany(static t => t.GetMembers()))
        {
            // What a derived class hides or overrides is not asked again.
            if (Read(member) is not { } reader || !taken.Add(member.Name) || IsIgnored(member))
            {
                continue;
            }

            var valueType = member is IPropertySymbol property ? property.Type : ((IFieldSymbol)member).Type;
            if (valueType.IsRefLikeType || valueType is IPointerTypeSymbol or IFunctionPointerTypeSymbol)
            {
                continue;
            }

            var attributes = OwnAndInherited(member)
                .Concat(parameters
                    .Where(p => string.Equals(p.Name, member.Name, StringComparison.OrdinalIgnoreCase)
                        && SymbolEqualityComparer.Default.Equals(p.Type, valueType))
                    .SelectMany(static p => p.GetAttributes()));
            yield return new JsonMember(member, reader, valueType, WireName(member), [.. attributes]);
        }
    }

    /// <summary>What [Display(Name = "...")] says; null when it says nothing, or only names a resource.</summary>
    internal static string? DisplayName(IEnumerable<AttributeData> attributes) =>
        attributes.FirstOrDefault(static a => a.AttributeClass is { } display
            && Types.FullName(display) == "System.ComponentModel.DataAnnotations.DisplayAttribute") is { } display
        && display.NamedArguments.All(static argument => argument.Key != "ResourceType")
        && display.NamedArguments.FirstOrDefault(static argument => argument.Key == "Name").Value.Value
            is string { Length: > 0 } name
            ? name
            : null;

    private IEnumerable<INamedTypeSymbol> Lineage() =>
        (type.TypeKind == TypeKind.Interface ? type.AllInterfaces.Insert(0, type) : Types.SelfAndBases(type)).Where(
            static t => !Types.IsFramework(t));

    // An attribute on a record's parameter stays on the parameter; JSON sets the property by it. An abstract record's
    // constructor is protected.
    private IParameterSymbol[] ConstructorParameters() =>
        [.. Lineage()
            .SelectMany(static t => t.InstanceConstructors)
            .SelectMany(static c => c.Parameters)
            .Where(static p => p.GetAttributes().Length > 0)];

    private static ISymbol? Read(ISymbol member) => member switch
    {
        { IsStatic: true } => null,
        IPropertySymbol
        {
            IsIndexer: false,
            GetMethod: { } getter,
            ExplicitInterfaceImplementations.IsEmpty: true,
        } property when IsVisible(property, getter) => getter,
        IFieldSymbol { IsImplicitlyDeclared: false } field when IsIncluded(field) => field,
        _ => null,
    };

    private static bool IsVisible(IPropertySymbol property, IMethodSymbol getter) =>
        (property.DeclaredAccessibility == Accessibility.Public && getter.DeclaredAccessibility == Accessibility.Public)
            || IsIncluded(property);

    private static bool IsIncluded(ISymbol member) => Types.HasAttribute(member, Json + "JsonIncludeAttribute");

    private static bool IsIgnored(ISymbol member) =>
        Attribute(member, "JsonIgnoreAttribute") is { } ignore
        && (ignore.NamedArguments.FirstOrDefault(static argument => argument.Key == "Condition").Value.Value
            is not int condition
            || NeverBothWays.Contains(condition));

    private static string WireName(ISymbol member) =>
        Attribute(member, "JsonPropertyNameAttribute")?.ConstructorArguments.FirstOrDefault().Value as string
            ?? Naming.SnakeCase(member.Name);

    private static AttributeData? Attribute(ISymbol member, string name) =>
        member.GetAttributes()
            .FirstOrDefault(a => a.AttributeClass is { } attribute && Types.FullName(attribute) == Json + name);

    private static IEnumerable<AttributeData> OwnAndInherited(ISymbol member)
    {
        var own = member.GetAttributes();
        var inherited = (member as IPropertySymbol)?.OverriddenProperty is { } overridden
            ? OwnAndInherited(overridden)
            : [];
        return own.Concat(inherited.Where(
            a => !own.Any(o => SymbolEqualityComparer.Default.Equals(o.AttributeClass, a.AttributeClass))));
    }
}
