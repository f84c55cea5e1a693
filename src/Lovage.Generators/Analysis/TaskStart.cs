using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Lovage.Generators;

/// <summary>Calls that start a task.</summary>
internal static class TaskStart
{
    /// <summary>
    /// The delegate of a task that may outlive its caller; null when this call starts none. A task that the same
    /// expression awaits outlives nothing.
    /// </summary>
    internal static IOperation? DelegateOf(IInvocationOperation call, KnownTypes known) =>
        call.Parent is not IAwaitOperation && IsStart(call.TargetMethod, known)
            ? call.Arguments.FirstOrDefault(static argument => argument.Parameter?.Type.TypeKind == TypeKind.Delegate)
                ?.Value
            : null;

    internal static bool IsStart(IMethodSymbol method, KnownTypes known) => method.Name switch
    {
        "Add" => known.IsBackgroundTasks(method.ContainingType),
        "Spawn" => known.IsTaskSpawner(method.ContainingType),
        _ => false,
    };
}
