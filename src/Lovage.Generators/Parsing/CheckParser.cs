using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>
/// Finds the rules for a job's arguments: on the parameters, and on members of their types that travel as JSON.
/// </summary>
internal sealed class CheckParser
{
    private const string Validatable = "System.ComponentModel.DataAnnotations.IValidatableObject";

    // A generic type that holds itself with ever longer arguments has no end.
    private const int TypesMax = 1_000;
    private const int GenericDepthMax = 8;

    private readonly Compilation _compilation;
    private readonly IssueList _issues;
    private readonly RuleParser _rules;
    private readonly Dictionary<string, TypeCheck> _types = new(StringComparer.Ordinal);
    private readonly Queue<INamedTypeSymbol> _open = new();
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private int _parameter;
    private (string Type, int Parameter)? _endless;

    private CheckParser(Compilation compilation, IssueList issues)
    {
        _compilation = compilation;
        _issues = issues;
        _rules = new RuleParser(compilation, issues);
    }

    internal static ArgumentChecks Parse(
        Compilation compilation, IEnumerable<IParameterSymbol> payload, IssueList issues)
    {
        var parser = new CheckParser(compilation, issues);
        var parameters = payload.Select(parser.Parse).ToArray();
        var needed = parser.Needed();
        if (parser._endless is { } endless && needed.Count > 0)
        {
            issues.AddAt(
                endless.Parameter,
                Diagnostics.UncheckedRule,
                "What lies deeper",
                endless.Type,
                "it is generic and leads to new types without end");
        }

        return new ArgumentChecks(
            parameters.Select(p => Pruned(p, needed)).Where(IsUseful).ToEquatable(),
            parser._types.Values
                .Where(type => needed.Contains(type.Key))
                .Select(type => type with
                {
                    Members = type.Members.Select(m => Pruned(m, needed)).Where(IsUseful).ToEquatable(),
                    Content = Pruned(type.Content, needed),
                    Derived = type.Derived.Where(needed.Contains).ToEquatable(),
                })
                .OrderBy(static type => type.Key, StringComparer.Ordinal)
                .ToEquatable());
    }

    private MemberCheck Parse(IParameterSymbol parameter, int index)
    {
        _parameter = parameter.Ordinal;
        var wire = Naming.SnakeCase(parameter.Name);
        var attributes = parameter.GetAttributes();
        var rules = _rules.Parse(attributes, $"parameter '{parameter.Name}'", _parameter);
        var check = new MemberCheck(
            $"Value{index}",
            parameter.Name,
            wire,
            MemberParser.DisplayName(attributes) ?? wire,
            rules,
            WalkOf(parameter.Type));
        while (_open.Count > 0)
        {
            var type = _open.Dequeue();
            _types.Add(Types.Runtime(type), Parse(type));
        }

        return check;
    }

    private TypeCheck Parse(INamedTypeSymbol type)
    {
        var content = ContentOf(type);
        var members = content is null
            ? new MemberParser(type).Members().Select(member => Parse(member)).OfType<MemberCheck>()
            : [];
        var attributes = Types.SelfAndBases(type).SelectMany(static t => t.GetAttributes()).ToArray();
        return new TypeCheck
        {
            Key = Types.Runtime(type),
            Name = Name(type),
            Members = members.ToEquatable(),
            Content = content,
            Rules = _rules.Parse(attributes, $"'{Types.Shown(type)}'", _parameter),
            ChecksItself = type.AllInterfaces.Any(static i => Types.FullName(i) == Validatable),
            IsInterface = type.TypeKind == TypeKind.Interface,
            Derived = Derived(type).Select(Types.Runtime).ToEquatable(),
        };
    }

    private MemberCheck? Parse(JsonMember member)
    {
        var isReachable = _compilation.IsSymbolAccessibleWithin(member.Reader, _compilation.Assembly);
        var rules = _rules.Parse(member.Attributes, $"'{Types.Shown(member.Symbol)}'", _parameter, isReachable);
        return isReachable
            ? new MemberCheck(
                $"value.{Naming.Identifier(member.Symbol.Name)}",
                member.Symbol.Name,
                member.WireName,
                MemberParser.DisplayName(member.Attributes) ?? member.WireName,
                rules,
                WalkOf(member.Type))
            : null;
    }

    private Walk? WalkOf(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol { Rank: 1 } array => Elements(array, array.ElementType),
        INamedTypeSymbol
        {
            SpecialType: SpecialType.None,
            TypeKind: TypeKind.Class or TypeKind.Struct or TypeKind.Interface,
        } own when !Types.IsFramework(own) => Target(own),
        INamedTypeSymbol { IsRefLikeType: false } named when Types.IsNullableValue(named) =>
            Around(WalkKind.Nullable, named, "", named.TypeArguments[0]),
        INamedTypeSymbol { IsRefLikeType: false } named when Types.IsFramework(named) => ContentOf(named),
        _ => null,
    };

    private Walk? Target(INamedTypeSymbol type)
    {
        if (type.IsRefLikeType
            || type.IsUnboundGenericType
            || Types.IsFileLocal(type)
            || !_compilation.IsSymbolAccessibleWithin(type, _compilation.Assembly))
        {
            return null;
        }

        var key = Types.Runtime(type);
        if (!_seen.Contains(key))
        {
            if (_seen.Count == TypesMax || GenericDepth(type) > GenericDepthMax)
            {
                _endless ??= ($"'{Types.Shown(type.OriginalDefinition)}'", _parameter);
                return null;
            }

            _seen.Add(key);
            _open.Enqueue(type);
            foreach (var derived in Derived(type))
            {
                Target(derived);
            }
        }

        return new Walk(WalkKind.Object, key, key, "", null, MayBeDefault: false);
    }

    /// <summary>The way into a collection; null for what is none.</summary>
    private Walk? ContentOf(INamedTypeSymbol type)
    {
        if (type.SpecialType == SpecialType.System_String)
        {
            return null;
        }

        var contracts = type.AllInterfaces.Insert(0, type);
        return Argument(
            contracts,
            "System.Collections.Generic.IDictionary",
            "System.Collections.Generic.IReadOnlyDictionary") is { } map
            ? Around(WalkKind.Values, type, Types.Runtime(map.TypeArguments[0]), map.TypeArguments[1])
            : Argument(contracts, "System.Collections.Generic.IEnumerable") is { } list
                ? Elements(type, list.TypeArguments[0])
            : null;
    }

    private Walk? Elements(ITypeSymbol type, ITypeSymbol element) => Around(WalkKind.Elements, type, "", element);

    private Walk? Around(WalkKind kind, ITypeSymbol type, string key, ITypeSymbol inner) =>
        WalkOf(inner) is { } walk
            ? new Walk(
                kind,
                Types.Runtime(type),
                walk.Target,
                key,
                walk,
                Types.FullName(type) == "System.Collections.Immutable.ImmutableArray")
            : null;

    private static INamedTypeSymbol? Argument(IEnumerable<INamedTypeSymbol> contracts, params string[] names) =>
        contracts.FirstOrDefault(
            contract => contract.TypeArguments.Length > 0 && names.Contains(Types.FullName(contract)));

    // A base cannot be asked after its heir in a switch.
    private static IEnumerable<INamedTypeSymbol> Derived(INamedTypeSymbol type) =>
        type.GetAttributes()
            .Where(static a => a.AttributeClass is { } attribute
                && Types.FullName(attribute) == "System.Text.Json.Serialization.JsonDerivedTypeAttribute")
            .Select(static a => a.ConstructorArguments.FirstOrDefault().Value)
            .OfType<INamedTypeSymbol>()
            .Where(derived => !SymbolEqualityComparer.Default.Equals(derived, type)
                && derived.TypeKind is TypeKind.Class or TypeKind.Struct)
            .OrderByDescending(static derived => Types.SelfAndBases(derived).Count());

    /// <summary>The types that have rules or lead to some.</summary>
    private HashSet<string> Needed()
    {
        var needed = new HashSet<string>(
            _types.Values.Where(static type => type.HasRules).Select(static type => type.Key), StringComparer.Ordinal);
        bool grows;
        do
        {
            grows = false;
            foreach (var type in _types.Values)
            {
                grows |= type.Targets.Any(needed.Contains) && needed.Add(type.Key);
            }
        }
        while (grows);
        return needed;
    }

    private static MemberCheck Pruned(MemberCheck member, HashSet<string> needed) =>
        member with { Below = Pruned(member.Below, needed) };

    private static Walk? Pruned(Walk? walk, HashSet<string> needed) =>
        walk is not null && needed.Contains(walk.Target) ? walk : null;

    private static bool IsUseful(MemberCheck member) => !member.Rules.IsEmpty || member.Below is not null;

    private static int GenericDepth(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => GenericDepth(array.ElementType),
        INamedTypeSymbol { TypeArguments: { IsEmpty: false } arguments } => 1 + arguments.Max(GenericDepth),
        _ => 0,
    };

    private static string Name(INamedTypeSymbol type) =>
        string.Concat(new[] { type.Name }.Concat(
            type.TypeArguments.Select(static t => t is INamedTypeSymbol named ? Name(named) : t.Name)));
}
