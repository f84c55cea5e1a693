using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>What of one parameter, or of a result, is marked [Sensitive].</summary>
/// <param name="IsWhole">True when the whole value is.</param>
/// <param name="Members">The ways to members that are, such as <c>card.number</c>; none when the whole value
/// is.</param>
internal sealed record SensitiveParts(bool IsWhole, EquatableArray<string> Members);

/// <summary>Finds [Sensitive] on a parameter or result and on members of its type that travel as JSON.</summary>
/// <remarks>
/// Where the ways to such members cannot be listed (the type holds itself, a converter writes it, a name is unusual),
/// the whole value is sensitive.
/// </remarks>
internal sealed class SensitiveParser
{
    private const int PathsMax = 16;
    private const int DepthMax = 16;
    private const int TypesMax = 1_000;
    private const string EachValue = "*";

    private readonly List<string> _paths = [];
    private readonly List<ITypeSymbol> _open = [];
    private int _types;
    private int _depth;
    private bool _isUnlisted;

    private SensitiveParser()
    {
    }

    internal static SensitiveParts Parse(IParameterSymbol parameter) =>
        Types.HasAttribute(parameter, AttributeNames.Sensitive)
            ? new SensitiveParts(IsWhole: true, default)
            : Of(parameter.Type);

    /// <summary>What of a method's result is marked.</summary>
    /// <param name="method">The method.</param>
    /// <param name="result">The result's type, without a task around it; null for none.</param>
    internal static SensitiveParts ParseResult(IMethodSymbol method, ITypeSymbol? result) =>
        result is null ? new SensitiveParts(IsWhole: false, default)
        : method.GetReturnTypeAttributes().Any(static a =>
            a.AttributeClass is { } attribute && Types.Is(attribute, AttributeNames.Sensitive))
            ? new SensitiveParts(IsWhole: true, default)
            : Of(result);

    private static SensitiveParts Of(ITypeSymbol type)
    {
        var parser = new SensitiveParser();
        parser.Walk(type, "");
        return parser._paths.Count == 0
            ? new SensitiveParts(IsWhole: false, default)
            : parser._isUnlisted || parser._paths.Count > PathsMax
                ? new SensitiveParts(IsWhole: true, default)
            : new SensitiveParts(IsWhole: false, parser._paths.ToEquatable());
    }

    // A collection may hold itself, and a generic type lead to new types without end.
    private void Walk(ITypeSymbol type, string path)
    {
        if (_depth == DepthMax || ++_types > TypesMax)
        {
            _isUnlisted = true;
            return;
        }

        _depth++;
        Look(type, path);
        _depth--;
    }

    private void Look(ITypeSymbol type, string path)
    {
        switch (type)
        {
            case IArrayTypeSymbol array:
                Walk(array.ElementType, path);
                break;
            case INamedTypeSymbol named when Types.IsNullableValue(named):
                Walk(named.TypeArguments[0], path);
                break;
            case INamedTypeSymbol { SpecialType: not SpecialType.System_String } named
                when Content(named) is var (inner, isMap):
                Walk(inner, isMap ? Joined(path, EachValue) : path);
                break;
            case INamedTypeSymbol named when Types.IsFramework(named):
                Unlisted(named.TypeArguments, path);
                break;
            case INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct or TypeKind.Interface } own:
                WalkOwn(own, path);
                break;
            default:
                break;
        }
    }

    /// <summary>A type of .NET that is no collection: its JSON is not known here.</summary>
    private void Unlisted(ImmutableArray<ITypeSymbol> arguments, string path)
    {
        var before = _paths.Count;
        foreach (var argument in arguments)
        {
            Walk(argument, path);
        }

        _isUnlisted |= _paths.Count > before;
    }

    private void WalkOwn(INamedTypeSymbol type, string path)
    {
        if (_open.Any(open => SymbolEqualityComparer.Default.Equals(open, type)))
        {
            _isUnlisted = true;
            return;
        }

        var before = _paths.Count;
        _open.Add(type);
        foreach (var member in new MemberParser(type).Members())
        {
            var way = Joined(path, member.WireName);
            var found = _paths.Count;
            if (member.Attributes.Any(static a =>
                a.AttributeClass is { } attribute && Types.Is(attribute, AttributeNames.Sensitive)))
            {
                _paths.Add(way);
            }
            else
            {
                Walk(member.Type, way);
                _isUnlisted |= _paths.Count > found && HasConverter(member.Symbol);
            }

            _isUnlisted |= _paths.Count > found && !IsPlain(member.WireName);
        }

        foreach (var derived in Derived(type))
        {
            Walk(derived, path);
        }

        _open.RemoveAt(_open.Count - 1);
        _isUnlisted |= _paths.Count > before && HasConverter(type);
    }

    private static (ITypeSymbol Type, bool IsMap)? Content(INamedTypeSymbol type)
    {
        var contracts = type.AllInterfaces.Insert(0, type);
        return Argument(contracts, "IDictionary", "IReadOnlyDictionary") is { } map ? (map.TypeArguments[1], true)
            : Argument(contracts, "IEnumerable", "IAsyncEnumerable") is { } list ? (list.TypeArguments[0], false)
            : null;
    }

    private static INamedTypeSymbol? Argument(IEnumerable<INamedTypeSymbol> contracts, params string[] names) =>
        contracts.FirstOrDefault(contract => contract.TypeArguments.Length > 0
            && names.Any(name => Types.FullName(contract) == "System.Collections.Generic." + name));

    private static IEnumerable<INamedTypeSymbol> Derived(INamedTypeSymbol type) =>
        type.GetAttributes()
            .Where(static a => a.AttributeClass is { } attribute
                && Types.FullName(attribute) == "System.Text.Json.Serialization.JsonDerivedTypeAttribute")
            .Select(static a => a.ConstructorArguments.FirstOrDefault().Value)
            .OfType<INamedTypeSymbol>()
            .Where(derived => !SymbolEqualityComparer.Default.Equals(derived, type));

    private static bool HasConverter(ISymbol symbol) =>
        Types.HasAttribute(symbol, "System.Text.Json.Serialization.JsonConverterAttribute");

    /// <summary>True for a name that can be a step of a way as it is.</summary>
    private static bool IsPlain(string name) =>
        name.Length is > 0 and <= 60 && name.All(static c => char.IsLetterOrDigit(c) || c is '_' or '-');

    private static string Joined(string path, string step) => path.Length == 0 ? step : $"{path}.{step}";
}
