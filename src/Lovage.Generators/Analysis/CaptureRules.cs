using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Lovage.Generators;

/// <summary>A captured value that breaks a rule.</summary>
/// <param name="Rule">Which rule it breaks.</param>
/// <param name="Name">What the code calls it, in quotes.</param>
/// <param name="Type">Its type.</param>
internal sealed record Capture(DiagnosticDescriptor Rule, string Name, ITypeSymbol Type);

/// <summary>
/// Judges what a delegate captures. It reports only certain cases: the request's own types, and services that are known
/// to be scoped and can only have come from a scope.
/// </summary>
internal sealed class CaptureRules(KnownTypes known, SetupReader setup, CancellationToken cancellationToken)
{
    private const string AsParameters = "Microsoft.AspNetCore.Http.AsParametersAttribute";

    // A chain of locals, each made from the one before: long enough for people, short enough for mistakes.
    private const int DepthMax = 8;

    /// <summary>A value that is evaluated now and kept by the task.</summary>
    internal Capture? OfValue(IOperation value, int depth = 0)
    {
        value = Plain(value);
        return depth > DepthMax ? null : value switch
        {
            IParameterReferenceOperation given => OfParameter(given),
            ILocalReferenceOperation local => OfLocal(local, depth),
            IInstanceReferenceOperation
            {
                ReferenceKind: InstanceReferenceKind.ContainingTypeInstance,
                Type: { } type,
            } => OfInstance(type),
            IFieldReferenceOperation { Instance: IInstanceReferenceOperation } field =>
                OfMember(field.Field, field.Instance.Type),
            IPropertyReferenceOperation { Instance: IInstanceReferenceOperation } property =>
                OfMember(property.Property, property.Instance.Type) ?? OfResult(property, depth),
            IObjectCreationOperation or IMemberReferenceOperation { Instance: null } => null,
            { Type: { } type } when known.IsRequest(type) => Request(Text(value), type),
            _ => OfResult(value, depth),
        };
    }

    internal Capture? OfParameter(IParameterReferenceOperation reference)
    {
        var parameter = reference.Parameter;
        var type = parameter.Type;
        if (known.IsRequest(type))
        {
            return Request(parameter.Name, type);
        }

        var isInjected = parameter.ContainingSymbol switch
        {
            IMethodSymbol { MethodKind: MethodKind.AnonymousFunction } function =>
                IsOfRequest(function, reference.SemanticModel),
            IMethodSymbol { MethodKind: MethodKind.Constructor or MethodKind.Ordinary or MethodKind.LocalFunction } =>
                true,
            _ => false,
        };
        return isInjected && IsScoped(type) ? Service(parameter.Name, type)
            : known.IsProvider(type) && IsOfScope(parameter, reference.SemanticModel) ? Service(parameter.Name, type)
            : known.IsStream(type) && IsEndpoint(parameter, reference.SemanticModel) ? Request(parameter.Name, type)
            : null;
    }

    internal Capture? OfLocal(ILocalReferenceOperation reference, int depth = 0)
    {
        var (local, type) = (reference.Local, reference.Local.Type);
        var origin = Initializer(reference) is { } made ? Plain(made) : null;
        if (local.IsUsing && (IsScoped(type) || known.IsScope(type)))
        {
            return Service(local.Name, type);
        }

        return origin is IObjectCreationOperation ? null
            : known.IsRequest(type) ? Request(local.Name, type)
            : origin is not null && OfValue(origin, depth + 1) is { } found
                ? new Capture(found.Rule, Quoted(local.Name), type)
            : null;
    }

    /// <summary>A field or property of the object whose code this is.</summary>
    internal Capture? OfMember(ISymbol member, ITypeSymbol? instance)
    {
        var type = member is IFieldSymbol field ? field.Type : ((IPropertySymbol)member).Type;
        if (known.IsRequest(type) || (member is IPropertySymbol && known.IsHostBase(member.ContainingType)))
        {
            return Request(member.Name, type);
        }

        return IsInjected(member.ContainingType, type) && (IsScoped(type)
            || (known.IsProvider(type) && IsScopedClass(instance))) ? Service(member.Name, type) : null;
    }

    /// <summary>A member of parameters that an endpoint takes as one object.</summary>
    internal Capture? OfBagMember(IMemberReferenceOperation member) =>
        member is { Type: { } type, Instance: IParameterReferenceOperation { Parameter: var bag } }
            && Types.HasAttribute(bag, AsParameters)
            ? known.IsRequest(type) || known.IsStream(type) ? Request($"{bag.Name}.{member.Member.Name}", type)
                : IsScoped(type) || known.IsProvider(type) ? Service($"{bag.Name}.{member.Member.Name}", type)
                : null
            : null;

    /// <summary>The object whose code this is, handed on as a whole.</summary>
    internal Capture? OfInstance(ITypeSymbol type) =>
        known.IsRequest(type) ? Request("this", type) : IsScoped(type) ? Service("this", type) : null;

    /// <summary>What a local was made from; null when it was not made where it was declared.</summary>
    internal IOperation? Initializer(ILocalReferenceOperation reference) =>
        reference.Local.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellationToken)
            is VariableDeclaratorSyntax { Initializer: { } made }
            ? reference.SemanticModel?.GetOperation(made.Value, cancellationToken)
            : null;

    /// <summary>The code of a method, local function or accessor of this compilation.</summary>
    internal IOperation? Body(IMethodSymbol method)
    {
        var definition = method.OriginalDefinition;
        var code = (definition.PartialImplementationPart ?? definition).DeclaringSyntaxReferences.FirstOrDefault()
            ?.GetSyntax(cancellationToken);
        return code is null ? null : setup.Model(code.SyntaxTree)?.GetOperation(code, cancellationToken);
    }

    // A stream of the request, its services, and what they give.
    private Capture? OfResult(IOperation value, int depth) => value switch
    {
        IPropertyReferenceOperation { Property.Name: "RequestServices", Type: { } type } property
            when known.IsHttpContext(property.Property.ContainingType) => Service(Text(value), type),
        IPropertyReferenceOperation { Instance: { Type: var owner } scope, Type: { } type } when known.IsScope(owner)
            && known.IsProvider(type)
            && OfValue(scope, depth + 1) is not null => Service(Text(value), type),
        IPropertyReferenceOperation { Instance.Type: var owner, Type: { } type }
            when known.IsStream(type) && known.IsRequest(owner) => Request(Text(value), type),
        IInvocationOperation { Type: { } type } call when Receiver(call) is { } receiver =>
            known.IsStream(type) && known.IsRequest(receiver.Type) ? Request(Text(value), type)
            : known.IsProvider(receiver.Type) && IsScoped(type) && OfValue(receiver, depth + 1) is not null
                ? Service(Text(value), type)
            : null,
        _ => null,
    };

    private bool IsScoped(ITypeSymbol type) =>
        known.IsScoped(type)
            || (type is { TypeKind: TypeKind.Class or TypeKind.Interface, SpecialType: SpecialType.None }
                && setup.Get(cancellationToken).IsScoped(type));

    // A provider may be the app's own; it is a scope's where the class or function can only be of a scope.
    private bool IsOfScope(IParameterSymbol parameter, SemanticModel? model) =>
        parameter.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.Constructor } made
            ? IsScopedClass(made.ContainingType)
            : IsOfRequest(parameter.ContainingSymbol as IMethodSymbol, model);

    private bool IsScopedClass(ITypeSymbol? type) =>
        type is not null
        && (known.IsHost(type)
            || IsScoped(type)
            || type.GetMembers()
                .Any(static member => member is IMethodSymbol && Types.HasAttribute(member, AttributeNames.Job))
            || Parameters(type).Any(parameter => known.IsBackgroundTasks(parameter.Type) || IsScoped(parameter.Type)));

    private bool IsOfRequest(IMethodSymbol? function, SemanticModel? model) =>
        function is not null
        && (function.Parameters.Any(parameter => known.IsRequest(parameter.Type))
            || IsEndpoint(function, model)
            || (Call(function, model) is { } call && TaskStart.IsStart(call, known)));

    private bool IsEndpoint(IParameterSymbol parameter, SemanticModel? model) =>
        parameter.ContainingSymbol is IMethodSymbol function && IsEndpoint(function, model);

    private bool IsEndpoint(IMethodSymbol function, SemanticModel? model) => function.MethodKind switch
    {
        MethodKind.AnonymousFunction => Call(function, model) is { } call && known.MapsEndpoints(call),
        MethodKind.Ordinary when known.IsHost(function.ContainingType) =>
            function is { DeclaredAccessibility: Accessibility.Public, IsStatic: false },
        MethodKind.Ordinary or MethodKind.LocalFunction =>
            setup.Get(cancellationToken).Endpoints.Contains(function.OriginalDefinition),
        _ => false,
    };

    /// <summary>The method that a lambda is given to.</summary>
    private IMethodSymbol? Call(IMethodSymbol function, SemanticModel? model) =>
        function.MethodKind == MethodKind.AnonymousFunction
        && function.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellationToken)
            is { Parent: ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax call } }
            ? model?.GetSymbolInfo(call, cancellationToken).Symbol as IMethodSymbol
            : null;

    private static bool IsInjected(INamedTypeSymbol type, ITypeSymbol service) =>
        Parameters(type).Any(parameter => Same(parameter.Type, service));

    private static IEnumerable<IParameterSymbol> Parameters(ITypeSymbol type) =>
        type is INamedTypeSymbol named ? named.InstanceConstructors.SelectMany(static made => made.Parameters) : [];

    // A field may be declared as a base or an interface of what the constructor takes.
    private static bool Same(ITypeSymbol given, ITypeSymbol kept) =>
        SymbolEqualityComparer.Default.Equals(given, kept)
            || Types.SelfAndBases(given).Concat(given.AllInterfaces).Contains(kept, SymbolEqualityComparer.Default);

    private static IOperation? Receiver(IInvocationOperation call) =>
        (call.Instance
            ?? (call.TargetMethod.IsExtensionMethod ? call.Arguments.FirstOrDefault()?.Value : null)) is { } receiver
            ? Plain(receiver)
            : null;

    private static IOperation Plain(IOperation value) => value switch
    {
        IConversionOperation conversion => Plain(conversion.Operand),
        IAwaitOperation awaited => Plain(awaited.Operation),
        ICoalesceOperation coalesce => Plain(coalesce.Value),
        IConditionalAccessOperation access => Plain(access.WhenNotNull),
        _ => value,
    };

    private static Capture Request(string name, ITypeSymbol type) =>
        new(Diagnostics.CapturedRequest, Quoted(name), type);

    private static Capture Service(string name, ITypeSymbol type) =>
        new(Diagnostics.CapturedService, Quoted(name), type);

    private static string Text(IOperation value) => value.Syntax.ToString();

    private static string Quoted(string name) => $"'{name}'";
}
