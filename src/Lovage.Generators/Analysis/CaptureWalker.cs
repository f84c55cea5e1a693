using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Lovage.Generators;

/// <summary>Something that a delegate captures and must not.</summary>
/// <param name="Capture">What.</param>
/// <param name="Place">Where the delegate names it, or the method that does.</param>
internal sealed record FoundCapture(Capture Capture, Location Place);

/// <summary>
/// Walks through a delegate, and through the local functions and methods of the same object that it calls, and finds
/// what it captures: each thing once, where it is first named.
/// </summary>
internal sealed class CaptureWalker(KnownTypes known, CaptureRules rules, CancellationToken cancellationToken)
    : OperationWalker
{
    private readonly List<FoundCapture> _found = [];
    private readonly HashSet<ISymbol> _named = new(SymbolEqualityComparer.Default);
    private readonly HashSet<ISymbol> _entered = new(SymbolEqualityComparer.Default);
    private readonly Stack<SyntaxNode> _own = new();
    private (Location Place, string Name)? _via;

    /// <summary>What the delegate captures.</summary>
    /// <param name="given">The expression that makes or names it.</param>
    internal IReadOnlyList<FoundCapture> Walk(IOperation given)
    {
        Enter(given);
        return _found;
    }

    /// <inheritdoc/>
    public override void Visit(IOperation? operation)
    {
        cancellationToken.ThrowIfCancellationRequested();
        base.Visit(operation);
    }

    /// <inheritdoc/>
    public override void VisitNameOf(INameOfOperation operation)
    {
        // A name is no value.
    }

    /// <inheritdoc/>
    public override void VisitParameterReference(IParameterReferenceOperation operation)
    {
        if (IsCaptured(operation.Parameter))
        {
            Report(rules.OfParameter(operation), operation.Parameter, operation);
        }
    }

    /// <inheritdoc/>
    public override void VisitLocalReference(ILocalReferenceOperation operation)
    {
        if (operation.IsDeclaration || !IsCaptured(operation.Local))
        {
            return;
        }

        if (operation.Local.Type.TypeKind == TypeKind.Delegate)
        {
            EnterLocal(operation);
        }
        else
        {
            Report(rules.OfLocal(operation), operation.Local, operation);
        }
    }

    /// <inheritdoc/>
    public override void VisitFieldReference(IFieldReferenceOperation operation) => VisitMember(operation);

    /// <inheritdoc/>
    public override void VisitPropertyReference(IPropertyReferenceOperation operation) => VisitMember(operation);

    /// <inheritdoc/>
    public override void VisitInstanceReference(IInstanceReferenceOperation operation)
    {
        if (operation is not { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance, Type: { } type })
        {
            return;
        }

        switch (operation.Parent)
        {
            case IFieldReferenceOperation field:
                Report(rules.OfMember(field.Field, type), field.Field, field);
                break;
            case IPropertyReferenceOperation property when rules.OfMember(property.Property, type) is { } capture:
                Report(capture, property.Property, property);
                break;
            case IPropertyReferenceOperation property:
                Follow(property.Property.GetMethod, property);
                break;
            case IInvocationOperation call when call.Instance == operation:
                Follow(call.TargetMethod, call);
                break;
            case IMethodReferenceOperation method:
                Follow(method.Method, method);
                break;
            case IEventReferenceOperation:
                break;
            default:
                Report(rules.OfInstance(type), type, operation);
                break;
        }
    }

    /// <inheritdoc/>
    public override void VisitInvocation(IInvocationOperation operation)
    {
        // A task that starts a task: that one has a report of its own.
        var other = TaskStart.DelegateOf(operation, known);
        if (operation.TargetMethod.MethodKind == MethodKind.LocalFunction)
        {
            Follow(operation.TargetMethod, operation);
        }

        foreach (var part in operation.ChildOperations)
        {
            if (other is null || part is not IArgumentOperation argument || argument.Value != other)
            {
                Visit(part);
            }
        }
    }

    /// <inheritdoc/>
    public override void VisitMethodReference(IMethodReferenceOperation operation)
    {
        if (operation.Method.MethodKind == MethodKind.LocalFunction)
        {
            Follow(operation.Method, operation);
        }

        base.VisitMethodReference(operation);
    }

    private void VisitMember(IMemberReferenceOperation operation)
    {
        if (operation.Instance is IParameterReferenceOperation { Parameter: var bag } && IsCaptured(bag))
        {
            Report(rules.OfBagMember(operation), operation.Member, operation);
        }

        foreach (var part in operation.ChildOperations)
        {
            Visit(part);
        }
    }

    // What a delegate is made of: a lambda, a method and its receiver, or another delegate.
    private void Enter(IOperation given)
    {
        switch (given)
        {
            case IConversionOperation conversion:
                Enter(conversion.Operand);
                break;
            case IDelegateCreationOperation creation:
                Enter(creation.Target);
                break;
            case IConditionalOperation { WhenFalse: { } otherwise } choice:
                Enter(choice.WhenTrue);
                Enter(otherwise);
                break;
            case ICoalesceOperation choice:
                Enter(choice.Value);
                Enter(choice.WhenNull);
                break;
            case ISwitchExpressionOperation choice:
                foreach (var arm in choice.Arms)
                {
                    Enter(arm.Value);
                }

                break;
            case IAnonymousFunctionOperation function:
                WalkOwn(function.Syntax, function.Body);
                break;
            case ILocalReferenceOperation local:
                EnterLocal(local);
                break;
            case IMethodReferenceOperation { Instance: null or IInstanceReferenceOperation } method:
                Visit(method);
                break;
            case IMethodReferenceOperation { Instance: { } receiver } method:
                Report(rules.OfValue(receiver), method.Method, receiver);
                break;
        }
    }

    private void EnterLocal(ILocalReferenceOperation local)
    {
        if (_entered.Add(local.Local) && rules.Initializer(local) is { } made)
        {
            Enter(made);
        }
    }

    private void Follow(IMethodSymbol? method, IOperation from)
    {
        // A function that stands inside the delegate is walked as a part of it.
        if (method is null or { IsStatic: true }
            || !IsCaptured(method)
            || !_entered.Add(method.OriginalDefinition)
            || rules.Body(method) is not { } body)
        {
            return;
        }

        var outer = _via;
        _via ??= (Place(from), method.AssociatedSymbol?.Name ?? method.Name);
        WalkOwn(body.Syntax, body);
        _via = outer;
    }

    private void WalkOwn(SyntaxNode code, IOperation body)
    {
        _own.Push(code);
        Visit(body);
        _own.Pop();
    }

    // What is declared inside the code that is walked is its own.
    private bool IsCaptured(ISymbol symbol) =>
        symbol.DeclaringSyntaxReferences.All(
            declared => _own.All(code => code.SyntaxTree != declared.SyntaxTree || !code.Span.Contains(declared.Span)));

    private void Report(Capture? capture, ISymbol named, IOperation at)
    {
        if (capture is not null && _named.Add(named))
        {
            _found.Add(_via is { } via
                ? new FoundCapture(capture with { Name = $"{capture.Name} in '{via.Name}'" }, via.Place)
                : new FoundCapture(capture, at.Syntax.GetLocation()));
        }
    }

    private static Location Place(IOperation operation) => operation switch
    {
        IInvocationOperation { Syntax: Microsoft.CodeAnalysis.CSharp.Syntax.InvocationExpressionSyntax call } =>
            call.Expression.GetLocation(),
        _ => operation.Syntax.GetLocation(),
    };
}
