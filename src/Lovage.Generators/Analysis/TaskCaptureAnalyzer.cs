using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using Microsoft.CodeAnalysis.Text;

namespace Lovage.Generators;

/// <summary>
/// Finds delegates of <c>BackgroundTasks.Add</c> and <c>TaskSpawner.Spawn</c> that capture the request or a service of
/// its scope: the task outlives both.
/// </summary>
/// <remarks>
/// A registration or a mapped endpoint in another file may decide about a delegate. The analyzer reads it when the
/// first delegate asks for it, not at the end of the compilation: an editor shows findings of the end only after a
/// whole build. For each file it caches the places until the file changes.
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
