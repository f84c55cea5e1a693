using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Lovage.Generators;

/// <summary>
/// Finds calls of a handler, and lambdas, where the description of a job is expected, and names the factory to write.
/// </summary>
/// <remarks>
/// The code does not compile, but the compiler's error names types and no factory. The analyzer looks at calls that the
/// compiler could not bind, so it costs nothing in code that compiles.
/// </remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class JobFactoryAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        [Diagnostics.CallWhereJobIsDescribed];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (start.Compilation.GetTypeByMetadataName("Lovage.Job") is { } job)
            {
                start.RegisterOperationAction(operation => Look(operation, job), OperationKind.Invalid);
            }
        });
    }

    private static void Look(OperationAnalysisContext context, INamedTypeSymbol job)
    {
        var call = context.Operation.Syntax;
        var arguments = call switch
        {
            InvocationExpressionSyntax invocation => invocation.ArgumentList,
            BaseObjectCreationExpressionSyntax creation => creation.ArgumentList,
            _ => null,
        };
        if (arguments is null || context.Operation.SemanticModel is not { } model)
        {
            return;
        }

        var methods = MistakenJob.Methods(model.GetSymbolInfo(call, context.CancellationToken)).ToArray();
        for (var i = 0; i < arguments.Arguments.Count; i++)
        {
            var types = methods.Select(method => Parameter(method, arguments.Arguments[i], i)?.Type)
                .OfType<ITypeSymbol>()
                .ToArray();
            if (types.Any(type => HoldsJob(type, job)))
            {
                var mistakes = new MistakenJob(model, call, types, context.CancellationToken);
                foreach (var (place, what, fix) in mistakes.In(arguments.Arguments[i].Expression))
                {
                    context.ReportDiagnostic(Diagnostic.Create(
                        Diagnostics.CallWhereJobIsDescribed, place.GetLocation(), methods[0].Name, what, fix));
                }
            }
        }
    }

    private static IParameterSymbol? Parameter(IMethodSymbol method, ArgumentSyntax argument, int index) =>
        argument.NameColon is { Name.Identifier.ValueText: var name }
            ? method.Parameters.FirstOrDefault(parameter => parameter.Name == name)
            : index < method.Parameters.Length ? method.Parameters[index] : null;

    private static bool HoldsJob(ITypeSymbol type, INamedTypeSymbol job) => type switch
    {
        IArrayTypeSymbol array => HoldsJob(array.ElementType, job),
        { TypeKind: TypeKind.Delegate } => false,
        INamedTypeSymbol named => Types.SelfAndBases(named).Contains(job, SymbolEqualityComparer.Default)
            || named.TypeArguments.Any(argument => HoldsJob(argument, job)),
        _ => false,
    };
}
