using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>Reads the [Tag] attributes of a handler's parameters, and checks that each can be written.</summary>
internal static class TagParser
{
    private const int CountMax = 8;

    // The colon and one character of the value belong to a tag, which has 64 characters at the most.
    private const int NameLengthMax = 62;

    /// <summary>For each parameter the part of its tag before the colon, or null.</summary>
    internal static string?[] Parse(IMethodSymbol method, IssueList issues)
    {
        var names = new string?[method.Parameters.Length];
        var count = 0;
        foreach (var parameter in method.Parameters)
        {
            var attribute = parameter.GetAttributes()
                .FirstOrDefault(static a => a.AttributeClass is { } type && Types.Is(type, AttributeNames.Tag));
            if (attribute is null)
            {
                continue;
            }

            count++;
            var name = attribute.ConstructorArguments.FirstOrDefault().Value as string
                ?? Naming.SnakeCase(parameter.Name);
            if (WhyNot(parameter, name, count) is { } reason)
            {
                issues.AddAt(parameter.Ordinal, Diagnostics.BadTag, parameter.Name, reason);
            }
            else
            {
                names[parameter.Ordinal] = name;
            }
        }

        return names;
    }

    private static string? WhyNot(IParameterSymbol parameter, string name, int count) =>
        ParameterParser.Role(parameter) != ParameterRole.Payload
            ? "it is no payload; tag a parameter that travels with the job"
        : Types.HasAttribute(parameter, AttributeNames.Sensitive)
            ? "it is [Sensitive], and every person who may see jobs sees tags; leave one of the two out"
        : !HasTextForm(parameter.Type)
            ? $"its type '{Types.Shown(parameter.Type)}' has no text form; tag a text, a number, a date, an id, an "
                + "enumeration or another type that implements IFormattable, or set Job.Tags"
        : name.Length is 0 or > NameLengthMax || !IsText(name)
            ? $"its name has {name.Length.ToString(CultureInfo.InvariantCulture)} characters; 1 to {NameLengthMax} are "
                + "expected, and no control characters"
        : count > CountMax ? $"a job has at most {CountMax} tags"
        : null;

    private static bool HasTextForm(ITypeSymbol type) =>
        Types.IsNullableValue(type) ? HasTextForm(((INamedTypeSymbol)type).TypeArguments[0])
        : type.SpecialType is SpecialType.System_String or SpecialType.System_Char or SpecialType.System_Boolean
            || type.TypeKind == TypeKind.Enum
            || Types.FullName(type) is "Lovage.JobId" or "System.Uri"
            || type.AllInterfaces.Any(static face => Types.FullName(face) == "System.IFormattable");

    private static bool IsText(string name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            var isPair = i + 1 < name.Length && char.IsSurrogatePair(name[i], name[i + 1]);
            if (char.IsControl(name[i]) || (char.IsSurrogate(name[i]) && !isPair))
            {
                return false;
            }

            i += isPair ? 1 : 0;
        }

        return true;
    }
}
