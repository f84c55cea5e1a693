using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>Reads the parameters of a handler.</summary>
internal static class ParameterParser
{
    internal static ParameterRole Role(IParameterSymbol parameter) =>
        Types.Is(parameter.Type, Types.Token) ? ParameterRole.Token
        : Types.Is(parameter.Type, Types.Context) ? ParameterRole.Context
        : ParameterRole.Payload;

    internal static EquatableArray<ParameterModel> Parse(IMethodSymbol method, IssueList issues)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var parameter in method.Parameters)
        {
            if (parameter.RefKind != RefKind.None)
            {
                issues.AddAt(parameter.Ordinal, Diagnostics.ByReference, parameter.Name, Word(parameter.RefKind));
            }

            if (Role(parameter) != ParameterRole.Payload)
            {
                continue;
            }

            var wire = Naming.SnakeCase(parameter.Name);
            if (names.TryGetValue(wire, out var other))
            {
                issues.AddAt(parameter.Ordinal, Diagnostics.SameWireName, other, parameter.Name, wire);
            }
            else
            {
                names.Add(wire, parameter.Name);
            }
        }

        var tags = TagParser.Parse(method, issues);
        return method.Parameters.Select(parameter => Parse(parameter, tags[parameter.Ordinal], issues)).ToEquatable();
    }

    private static ParameterModel Parse(IParameterSymbol parameter, string? tag, IssueList issues)
    {
        var type = parameter.Type;
        var role = Role(parameter);
        var sensitive = role == ParameterRole.Payload
            ? SensitiveParser.Parse(parameter)
            : new SensitiveParts(IsWhole: false, default);
        if (role == ParameterRole.Payload && !sensitive.IsWhole && SecretNames.IsOne(parameter))
        {
            issues.AddAt(parameter.Ordinal, Diagnostics.LooksSecret, parameter.Name);
        }

        var isNotNullReference = type is { IsReferenceType: true, NullableAnnotation: NullableAnnotation.NotAnnotated };
        var defaultsToNull = parameter.HasExplicitDefaultValue
            && parameter.ExplicitDefaultValue is null
            && !type.IsValueType;
        return new ParameterModel
        {
            Role = role,
            Name = Naming.Identifier(parameter.Name),
            WireName = Naming.SnakeCase(parameter.Name),
            Type = Types.Code(type),
            RuntimeType = Types.Runtime(type),
            Default = Literals.Default(parameter),
            RefusesNull = isNotNullReference && !defaultsToNull,
            AllowsNull = type.IsReferenceType && (!isNotNullReference || defaultsToNull),
            IsParams = parameter.IsParams,
            Tag = tag,
            IsSensitive = sensitive.IsWhole,
            SensitiveMembers = sensitive.Members,
        };
    }

    private static string Word(RefKind kind) => kind switch
    {
        RefKind.Ref => "ref",
        RefKind.Out => "out",
        RefKind.In => "in",
        _ => "ref readonly",
    };
}
