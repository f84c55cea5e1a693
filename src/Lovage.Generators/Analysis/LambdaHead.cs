using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Lovage.Generators;

/// <summary>What stands before the arrow of a lambda, as a message proposes it.</summary>
internal static class LambdaHead
{
    internal static bool HasReturnType(IAnonymousFunctionOperation lambda) =>
        lambda.Syntax is ParenthesizedLambdaExpressionSyntax { ReturnType: not null };

    /// <summary>The parameters in their parentheses; null where the code has none.</summary>
    internal static ParameterListSyntax? Parameters(IAnonymousFunctionOperation lambda) => lambda.Syntax switch
    {
        ParenthesizedLambdaExpressionSyntax parenthesized => parenthesized.ParameterList,
        AnonymousMethodExpressionSyntax method => method.ParameterList,
        _ => null,
    };

    /// <summary>
    /// With the type that the compiler infers: <c>async Task&lt;JobId&gt; (string email, JobClient jobs) =></c>.
    /// </summary>
    internal static string Typed(IAnonymousFunctionOperation lambda)
    {
        var type = lambda.Symbol.ReturnType.ToMinimalDisplayString(lambda.SemanticModel!, lambda.Syntax.SpanStart);
        return $"{Modifiers(lambda)}{type} ({string.Join(", ", Parameters(lambda)?.Parameters ?? default)}) =>";
    }

    /// <summary>With nothing but the name of its one parameter: <c>async context =></c>.</summary>
    internal static string Untyped(IAnonymousFunctionOperation lambda) =>
        $"{Modifiers(lambda)}{lambda.Symbol.Parameters[0].Name} =>";

    private static string Modifiers(IAnonymousFunctionOperation lambda) => string.Concat(
        ((AnonymousFunctionExpressionSyntax)lambda.Syntax).Modifiers.Select(static word => word.ValueText + " "));
}
