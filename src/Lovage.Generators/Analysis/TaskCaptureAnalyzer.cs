using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using Microsoft.CodeAnalysis.Text;

namespace Lovage.Generators;

/// <summary>
/// Finds delegates, given to <c>BackgroundTasks.Add</c> or <c>TaskSpawner.Spawn</c>, that take the request or a service
/// of its scope along: the task outlives both.
/// </summary>
/// <remarks>
/// What decides about a delegate may stand in another file (a registration, a mapped endpoint). It is read when the
/// first delegate asks for it, and not collected for the end of the compilation: an editor shows what is found at the
/// end only after a whole build. Per file the places are cached as long as the file is unchanged.
/// </remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class TaskCaptureAnalyzer : DiagnosticAnalyzer
{
    private readonly SyntaxTreeValueProvider<ImmutableArray<TextSpan>> _places = new(SetupReader.Places);

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
    [
        Diagnostics.CapturedRequest,
        Diagnostics.CapturedService,
    ];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(start =>
        {
            var known = new KnownTypes(start.Compilation);
            if (!known.HasTasks)
            {
                return;
            }

            var setup = new SetupReader(
                start.Compilation, known, tree => start.TryGetValue(tree, _places, out var places) ? places : []);
            start.RegisterOperationAction(operation => Look(operation, known, setup), OperationKind.Invocation);
        });
    }

    private static void Look(OperationAnalysisContext context, KnownTypes known, SetupReader setup)
    {
        var call = (IInvocationOperation)context.Operation;
        if (TaskStart.DelegateOf(call, known) is not { } given)
        {
            return;
        }

        var rules = new CaptureRules(known, setup, context.CancellationToken);
        foreach (var found in new CaptureWalker(known, rules, context.CancellationToken).Walk(given))
        {
            context.ReportDiagnostic(Diagnostic.Create(
                found.Capture.Rule, found.Place, found.Capture.Name, Types.Shown(found.Capture.Type)));
        }
    }
}
