using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Lovage.Generators;

/// <summary>Constants written as C# code.</summary>
internal static class Literals
{
    /// <summary>A parameter's default; null when it has none.</summary>
    internal static string? Default(IParameterSymbol parameter)
    {
        if (!parameter.HasExplicitDefaultValue)
        {
            return null;
        }

        var type = Types.IsNullableValue(parameter.Type)
            ? ((INamedTypeSymbol)parameter.Type).TypeArguments[0]
            : parameter.Type;
        var value = parameter.ExplicitDefaultValue;
        if (value is null)
        {
            var isValue = parameter.Type.IsValueType && !Types.IsNullableValue(parameter.Type);
            return isValue ? "default"
                : parameter.Type is { IsReferenceType: true, NullableAnnotation: not NullableAnnotation.Annotated }
                    ? "null!"
                : "null";
        }

        return type.TypeKind == TypeKind.Enum ? Enumerated(type, value) : Constant(value);
    }

    /// <summary>An argument of an attribute.</summary>
    internal static string Constant(TypedConstant constant) => constant switch
    {
        { IsNull: true } => $"({Types.Runtime(constant.Type!)})null!",
        { Kind: TypedConstantKind.Array } =>
            $"new {Types.Runtime(constant.Type!)} {{ {string.Join(", ", constant.Values.Select(Constant))} }}",
        { Kind: TypedConstantKind.Enum } => Enumerated(constant.Type!, constant.Value!),
        { Kind: TypedConstantKind.Type, Value: ITypeSymbol type } => $"typeof({Types.Runtime(type)})",

        // As an object it would be an int.
        { Value: short or ushort or byte or sbyte } =>
            $"({Types.Runtime(constant.Type!)})({Constant(constant.Value!)})",
        _ => Constant(constant.Value!)!,
    };

    // A flag combination has no name of its own, so every value is written as a number with a cast.
    private static string Enumerated(ITypeSymbol type, object value)
    {
        var field = type.GetMembers()
            .OfType<IFieldSymbol>()
            .FirstOrDefault(f => f.HasConstantValue && Equals(f.ConstantValue, value));
        return field is null
            ? $"({Types.Runtime(type)})({Constant(value)})"
            : $"{Types.Runtime(type)}.{Naming.Identifier(field.Name)}";
    }

    private static string? Constant(object value) => value switch
    {
        string text => CodeText.Text(text),
        bool flag => CodeText.Flag(flag),
        char c => SymbolDisplay.FormatLiteral(c, quote: true),
        double.NaN => "double.NaN",
        double.PositiveInfinity => "double.PositiveInfinity",
        double.NegativeInfinity => "double.NegativeInfinity",
        float.NaN => "float.NaN",
        float.PositiveInfinity => "float.PositiveInfinity",
        float.NegativeInfinity => "float.NegativeInfinity",
        double number => CodeText.Number(number),
        float number => number.ToString("R", CultureInfo.InvariantCulture) + "F",
        decimal number => number.ToString(CultureInfo.InvariantCulture) + "M",
        ulong number => number.ToString(CultureInfo.InvariantCulture) + "UL",
        uint number => number.ToString(CultureInfo.InvariantCulture) + "U",
        long.MinValue => "long.MinValue",
        long number => number.ToString(CultureInfo.InvariantCulture) + "L",
        IFormattable number and (int or short or ushort or byte or sbyte) =>
            number.ToString(null, CultureInfo.InvariantCulture),
        _ => null,
    };
}
