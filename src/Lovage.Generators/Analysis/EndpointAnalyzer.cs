using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Lovage.Generators;

/// <summary>
/// Finds endpoints that ASP.NET Core's request-delegate generator misreads, because it does not see the job factories
/// of the same assembly.
/// </summary>
/// <remarks>
/// A generator does not see what another one writes. Without a factory, an inferred return type may be unknown, and a
/// handler of <c>HttpContext</c> may mean another overload. The compiler reports this in the other generator's code
/// only, as a syntax error, so the analyzer names the place and the cause.
/// </remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class EndpointAnalyzer : DiagnosticAnalyzer
{
    /// <summary>The build's property that turns the other generator on. Trimmed and AOT web apps set it.</summary>
    internal const string Property = "build_property.EnableRequestDelegateGenerator";

    private const string Endpoints = "Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions";

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Diagnostics.MisreadEndpoint];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            var options = start.Options.AnalyzerConfigOptionsProvider.GlobalOptions;
            if (options.TryGetValue(Property, out var value) && bool.TryParse(value, out var isOn) && isOn)
            {
                var view = new OtherGeneratorsView(start.Compilation);
                start.RegisterOperationAction(operation => Look(operation, view), OperationKind.Invocation);
            }
        });
    }

    private static void Look(OperationAnalysisContext context, OtherGeneratorsView view)
    {
        var call = (IInvocationOperation)context.Operation;
        if (IsMapping(call.TargetMethod)
            && call.Arguments.Select(static argument => Lambda(argument.Value)).OfType<IOperation>().FirstOrDefault()
                is IAnonymousFunctionOperation lambda
            && lambda.Body.Descendants().FirstOrDefault(IsHidden) is { } factory
            && Misreading(call, lambda, view.Model(call.Syntax.SyntaxTree), context.CancellationToken) is { } text)
        {
            var place = LambdaHead.Parameters(lambda)?.GetLocation() ?? lambda.Syntax.GetLocation();
            context.ReportDiagnostic(Diagnostic.Create(Diagnostics.MisreadEndpoint, place, Name(factory), text));
        }
    }

    /// <summary>What the other generator makes of it, and what to write; null where it reads it right.</summary>
    private static string? Misreading(
        IInvocationOperation call,
        IAnonymousFunctionOperation lambda,
        SemanticModel seen,
        CancellationToken cancellationToken)
    {
        if (seen.GetSymbolInfo(call.Syntax, cancellationToken).Symbol is not IMethodSymbol target)
        {
            return null;
        }

        if (TakesRequestDelegate(call.TargetMethod) && !TakesRequestDelegate(target))
        {
            return "takes this handler for a Delegate instead of a RequestDelegate; "
                + $"leave out its types: '{LambdaHead.Untyped(lambda)}'";
        }

        // Where a type has no name, the other generator warns and leaves the endpoint alone.
        return !LambdaHead.HasReturnType(lambda)
            && seen.GetSymbolInfo(lambda.Syntax, cancellationToken).Symbol is IMethodSymbol { ReturnType: var type }
            && Holds(type, static part => part.TypeKind == TypeKind.Error)
            && !Holds(lambda.Symbol.ReturnType, static part => part.TypeKind == TypeKind.Error || part.IsAnonymousType)
                ? $"cannot tell what this handler returns; write its return type: '{LambdaHead.Typed(lambda)}'"
                : null;
    }

    private static bool IsMapping(IMethodSymbol method) =>
        method.Name.StartsWith("Map", StringComparison.Ordinal) && Types.FullName(method.ContainingType) == Endpoints;

    private static bool TakesRequestDelegate(IMethodSymbol method) =>
        method.Parameters.Any(static parameter => parameter.Type.Name == "RequestDelegate");

    private static IAnonymousFunctionOperation? Lambda(IOperation value) => value switch
    {
        IConversionOperation conversion => Lambda(conversion.Operand),
        IDelegateCreationOperation made => Lambda(made.Target),
        _ => value as IAnonymousFunctionOperation,
    };

    private static bool IsHidden(IOperation operation) => operation switch
    {
        IInvocationOperation call => OtherGeneratorsView.IsHidden(call.TargetMethod),
        IPropertyReferenceOperation property => OtherGeneratorsView.IsHidden(property.Property),
        _ => false,
    };

    private static string Name(IOperation factory) =>
        (factory.Syntax is InvocationExpressionSyntax call ? call.Expression : factory.Syntax).ToString();

    private static bool Holds(ITypeSymbol type, Func<ITypeSymbol, bool> condition) => condition(type) || type switch
    {
        IArrayTypeSymbol array => Holds(array.ElementType, condition),
        INamedTypeSymbol named => named.TypeArguments.Any(argument => Holds(argument, condition)),
        _ => false,
    };
}
