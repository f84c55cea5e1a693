using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>Reads validation attributes: each becomes the code that makes it again.</summary>
internal sealed class RuleParser(Compilation compilation, IssueList issues)
{
    private const string ValidationAttribute = "System.ComponentModel.DataAnnotations.ValidationAttribute";
    private const string UnreferencedCode = "System.Diagnostics.CodeAnalysis.RequiresUnreferencedCodeAttribute";

    internal static RuleSet None { get; } = new(default, UsesReflection: false);

    /// <summary>The rules among these attributes.</summary>
    /// <param name="attributes">Attributes of one place.</param>
    /// <param name="place">How people name the place.</param>
    /// <param name="parameter">The parameter that an issue is reported at.</param>
    /// <param name="isReachable">False for a place that generated code cannot read.</param>
    internal RuleSet Parse(IEnumerable<AttributeData> attributes, string place, int parameter, bool isReachable = true)
    {
        var rules = new List<string>();
        var usesReflection = false;
        foreach (var attribute in attributes.Where(IsRule))
        {
            if ((isReachable
                ? WhyNot(attribute)
                : "the member cannot be reached by the generated code; make it internal or public") is { } reason)
            {
                issues.AddAt(
                    parameter, Diagnostics.UncheckedRule, Types.Shown(attribute.AttributeClass!), place, reason);
                continue;
            }

            var code = Code(attribute);
            if (!rules.Contains(code))
            {
                rules.Add(code);
                usesReflection |= Types.HasAttribute(attribute.AttributeConstructor!, UnreferencedCode);
            }
        }

        return rules.Count == 0 ? None : new RuleSet(rules.ToEquatable(), usesReflection);
    }

    private static bool IsRule(AttributeData attribute) =>
        attribute is { AttributeClass: { } type, AttributeConstructor: not null }
        && Types.SelfAndBases(type).Any(static t => Types.FullName(t) == ValidationAttribute)
        && Constants(attribute).All(static constant => constant.Kind != TypedConstantKind.Error);

    private string? WhyNot(AttributeData attribute) =>
        !IsReachable(attribute.AttributeClass!)
            ? "its class cannot be reached by the generated code; make it internal or public"
        : !compilation.IsSymbolAccessibleWithin(attribute.AttributeConstructor!, compilation.Assembly)
            ? "its constructor cannot be reached by the generated code; make it internal or public"
        : Constants(attribute).SelectMany(TypesIn).FirstOrDefault(type => !IsReachable(type)) is { } hidden
            ? $"its argument {Types.Shown(hidden)} cannot be reached by the generated code; make it internal or public"
        : null;

    private bool IsReachable(ITypeSymbol type) =>
        compilation.IsSymbolAccessibleWithin(type, compilation.Assembly) && !Types.IsFileLocal(type);

    private static string Code(AttributeData attribute)
    {
        var made =
            "new "
                + $"{Types.Runtime(attribute.AttributeClass!)}("
                + $"{string.Join(", ", attribute.ConstructorArguments.Select(Literals.Constant))})";
        var named = string.Join(", ", attribute.NamedArguments.Select(
            static argument => $"{Naming.Identifier(argument.Key)} = {Literals.Constant(argument.Value)}"));
        return named.Length == 0 ? made : $"{made} {{ {named} }}";
    }

    private static IEnumerable<TypedConstant> Constants(AttributeData attribute) =>
        attribute.ConstructorArguments.Concat(attribute.NamedArguments.Select(static argument => argument.Value));

    private static IEnumerable<ITypeSymbol> TypesIn(TypedConstant constant) => constant switch
    {
        { IsNull: true } => [],
        { Kind: TypedConstantKind.Array } => constant.Values.SelectMany(TypesIn),
        { Kind: TypedConstantKind.Enum, Type: { } type } => [type],
        { Kind: TypedConstantKind.Type, Value: ITypeSymbol type } => [type],
        _ => [],
    };
}
