using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>
/// Which JSON contracts are known at compile time: the built-in ones and those of the app's JsonSerializerContexts.
/// </summary>
internal static class JsonContracts
{
    internal const string Attribute = "System.Text.Json.Serialization.JsonSerializableAttribute";
    private const int TypesMax = 2_000;

    // The list of Lovage.BuiltInContracts; a test compares them.
    private static readonly HashSet<string> BuiltIn = new(StringComparer.Ordinal)
    {
        "bool",
        "byte",
        "sbyte",
        "short",
        "ushort",
        "int",
        "uint",
        "long",
        "ulong",
        "float",
        "double",
        "decimal",
        "char",
        "string",
        "global::System.Guid",
        "global::System.Uri",
        "global::System.DateTime",
        "global::System.DateTimeOffset",
        "global::System.DateOnly",
        "global::System.TimeOnly",
        "global::System.TimeSpan",
        "byte[]",
        "bool?",
        "int?",
        "long?",
        "double?",
        "decimal?",
        "global::System.Guid?",
        "global::System.DateTime?",
        "global::System.DateTimeOffset?",
        "global::System.DateOnly?",
        "global::System.TimeSpan?",
        "string[]",
        "int[]",
        "long[]",
        "double[]",
        "global::System.Collections.Generic.List<string>",
        "global::System.Collections.Generic.Dictionary<string, string>",
        "global::System.Text.Json.JsonElement",
        "global::System.Text.Json.Nodes.JsonNode",
        "global::System.Text.Json.Nodes.JsonObject",
        "global::System.Text.Json.Nodes.JsonArray",
        "global::Lovage.JobId",
    };

    /// <summary>What must be found for a parameter or result; null when its contract is built in.</summary>
    internal static ContractNeed? Need(Compilation compilation, ITypeSymbol type, int parameter)
    {
        var key = Types.Runtime(type);
        return BuiltIn.Contains(key)
            ? null
            : new ContractNeed(
                key,
                Types.Shown(type.WithNullableAnnotation(NullableAnnotation.None)),
                parameter,
                Assemblies(compilation, type).Distinct().ToEquatable());
    }

    /// <summary>The types one [JsonSerializable] makes known, those reached through properties included.</summary>
    internal static EquatableArray<string> Known(GeneratorAttributeSyntaxContext context) =>
        Known(context.TargetSymbol as INamedTypeSymbol).ToEquatable();

    /// <summary>True when a context in one of these referenced assemblies knows the type.</summary>
    internal static bool IsKnownIn(Compilation compilation, ContractNeed need) =>
        compilation.SourceModule.ReferencedAssemblySymbols
            .Where(assembly => need.Assemblies.Contains(assembly.Name))
            .Any(assembly => Classes(assembly.GlobalNamespace).Any(type => Known(type).Contains(need.Type)));

    private static HashSet<string> Known(INamedTypeSymbol? context)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        if (context is not null && Types.SelfAndBases(context).Any(static t => t.Name == "JsonSerializerContext"))
        {
            foreach (var attribute in context.GetAttributes()
                .Where(static a => a.AttributeClass is { } type && Types.FullName(type) == Attribute))
            {
                if (attribute.ConstructorArguments.FirstOrDefault().Value is ITypeSymbol type)
                {
                    Reach(type, known);
                }
            }
        }

        return known;
    }

    // The JSON generator writes a contract for every type that it reaches, so a property's type needs no attribute of
    // its own.
    private static void Reach(ITypeSymbol first, HashSet<string> known)
    {
        var open = new Stack<ITypeSymbol>([first]);
        while (open.Count > 0 && known.Count < TypesMax)
        {
            var type = open.Pop();
            if (!known.Add(Types.Runtime(type)))
            {
                continue;
            }

            foreach (var next in Neighbours(type))
            {
                open.Push(next);
            }
        }
    }

    private static IEnumerable<ITypeSymbol> Neighbours(ITypeSymbol type)
    {
        if (type is IArrayTypeSymbol array)
        {
            return [array.ElementType];
        }

        if (type is not INamedTypeSymbol named)
        {
            return [];
        }

        var isFramework = Types.IsFramework(named);
        return isFramework
            ? named.TypeArguments
            : Types.SelfAndBases(named)
                .SelectMany(static t => t.GetMembers())
                .Where(static member => !member.IsStatic)
                .Select(static member => member switch
                {
                    IPropertySymbol { DeclaredAccessibility: Accessibility.Public, IsIndexer: false } property =>
                        property.Type,
                    IFieldSymbol field when Types.HasAttribute(
                        field, "System.Text.Json.Serialization.JsonIncludeAttribute") => field.Type,
                    _ => null,
                })
                .OfType<ITypeSymbol>()
                .Concat(
                    named.AllInterfaces.Where(static i => Types.FullName(i) is "System.Collections.Generic.IEnumerable"
                        or "System.Collections.Generic.IDictionary").SelectMany(static i => i.TypeArguments))
                .Concat(named.GetAttributes()
                    .Where(static a => a.AttributeClass?.Name == "JsonDerivedTypeAttribute")
                    .Select(static a => a.ConstructorArguments.FirstOrDefault().Value)
                    .OfType<ITypeSymbol>());
    }

    private static IEnumerable<string> Assemblies(Compilation compilation, ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => Assemblies(compilation, array.ElementType),
        INamedTypeSymbol named => named.TypeArguments.SelectMany(argument => Assemblies(compilation, argument))
            .Concat(Types.IsFramework(named) || SymbolEqualityComparer.Default.Equals(
                named.ContainingAssembly, compilation.Assembly) ? [] : [named.ContainingAssembly.Name]),
        _ => [],
    };

    private static IEnumerable<INamedTypeSymbol> Classes(INamespaceSymbol space) =>
        space.GetTypeMembers().SelectMany(Nested).Concat(space.GetNamespaceMembers().SelectMany(Classes));

    private static IEnumerable<INamedTypeSymbol> Nested(INamedTypeSymbol type) =>
        new[] { type }.Concat(type.GetTypeMembers().SelectMany(Nested));
}
