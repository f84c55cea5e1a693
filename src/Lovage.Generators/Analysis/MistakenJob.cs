using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lovage.Generators;

/// <summary>An expression that stands where a job is expected, and what to write instead.</summary>
/// <param name="model">The meaning of the file.</param>
/// <param name="call">The call that takes the job.</param>
/// <param name="accepted">The types that the call's overloads take at this place.</param>
/// <param name="cancellationToken">Ends the search.</param>
internal sealed class MistakenJob(
    SemanticModel model, SyntaxNode call, ITypeSymbol[] accepted, CancellationToken cancellationToken)
{
    private const string AnyFactory =
        "the factory of a method that is marked [Job], such as 'MailJobs.Welcome(email)' for 'WelcomeAsync'";

    /// <summary>The methods that a name may mean.</summary>
    internal static IEnumerable<IMethodSymbol> Methods(SymbolInfo found) =>
        (found.Symbol is { } symbol ? [symbol] : found.CandidateSymbols).OfType<IMethodSymbol>();

    /// <summary>Each mistake in an argument: its place, what it is, and what to write.</summary>
    internal IEnumerable<(SyntaxNode Place, string What, string Fix)> In(ExpressionSyntax given) => given switch
    {
        ParenthesizedExpressionSyntax inner => In(inner.Expression),
        AwaitExpressionSyntax inner => In(inner.Expression),
        CastExpressionSyntax inner => In(inner.Expression),
        WithExpressionSyntax inner => In(inner.Expression),
        PostfixUnaryExpressionSyntax inner => In(inner.Operand),
        ConditionalExpressionSyntax choice => In(choice.WhenTrue).Concat(In(choice.WhenFalse)),
        CollectionExpressionSyntax list =>
            list.Elements.OfType<ExpressionElementSyntax>().SelectMany(element => In(element.Expression)),
        ImplicitArrayCreationExpressionSyntax array => array.Initializer.Expressions.SelectMany(In),
        ArrayCreationExpressionSyntax { Initializer: { } items } => items.Expressions.SelectMany(In),
        InvocationExpressionSyntax invocation => OfCall(invocation),
        AnonymousFunctionExpressionSyntax function => OfFunction(function),
        SimpleNameSyntax or MemberAccessExpressionSyntax => OfName(given),
        _ => [],
    };

    private IEnumerable<(SyntaxNode, string, string)> OfCall(InvocationExpressionSyntax invocation) =>
        Handler(invocation) is not { } handler ? OfValue(invocation)
        : NamesFactory(invocation, handler) ? []
        : [(invocation, $"'{invocation}' calls the handler here and now", Factory(handler, invocation))];

    private IEnumerable<(SyntaxNode, string, string)> OfName(ExpressionSyntax name) =>
        Methods(Info(name)).FirstOrDefault(IsHandler) is { } handler
            ? TakesDelegate ? [] : [(name, $"'{name}' is its handler", Factory(handler, null))]
            : OfValue(name);

    private IEnumerable<(SyntaxNode, string, string)> OfValue(ExpressionSyntax value) =>
        model.GetTypeInfo(value, cancellationToken).Type is { } type && Types.IsTask(type)
            ? [(value, $"'{value}' is a task, which runs here and now", AnyFactory)]
            : [];

    private IEnumerable<(SyntaxNode, string, string)> OfFunction(AnonymousFunctionExpressionSyntax function)
    {
        if (TakesDelegate)
        {
            return [];
        }

        const string What = "a lambda is code, which no storage can keep";
        var calls = function.Body.DescendantNodesAndSelf().OfType<InvocationExpressionSyntax>();
        var found = calls.Select(inner => (Call: inner, Handler: Handler(inner) ?? NamedHandler(inner)))
            .FirstOrDefault(static pair => pair.Handler is not null);
        return [(function, What, found.Handler is { } handler ? Factory(handler, found.Call) : AnyFactory)];
    }

    private bool TakesDelegate => accepted.Any(static type => type.TypeKind == TypeKind.Delegate);

    /// <summary>
    /// True for a call of the factory itself with wrong arguments, which the compiler takes for the handler of that
    /// name.
    /// </summary>
    private bool NamesFactory(InvocationExpressionSyntax invocation, IMethodSymbol handler) =>
        invocation.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: var name } access
        && name == Naming.Factory(handler.Name)
        && Info(access.Expression).Symbol is ITypeSymbol;

    private IMethodSymbol? Handler(InvocationExpressionSyntax invocation) =>
        Methods(Info(invocation)).Concat(Methods(Info(invocation.Expression))).FirstOrDefault(IsHandler);

    // EnqueueAsync<MailJobs>(x => x.WelcomeAsync(email)), as other libraries have it: x has no type here.
    private IMethodSymbol? NamedHandler(InvocationExpressionSyntax inner) =>
        inner.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: var name }
            ? call.DescendantNodes(static node => node is not ArgumentListSyntax)
                .OfType<TypeArgumentListSyntax>()
                .SelectMany(static list => list.Arguments)
                .Select(type => model.GetTypeInfo(type, cancellationToken).Type)
                .OfType<ITypeSymbol>()
                .SelectMany(type => type.GetMembers(name))
                .OfType<IMethodSymbol>()
                .FirstOrDefault(IsHandler)
            : null;

    private SymbolInfo Info(ExpressionSyntax expression) => model.GetSymbolInfo(expression, cancellationToken);

    private static bool IsHandler(IMethodSymbol method) => Types.HasAttribute(method, AttributeNames.Job);

    /// <summary>The factory's call, with the payload of the handler's call or the names of the parameters.</summary>
    private string Factory(IMethodSymbol handler, InvocationExpressionSyntax? invocation)
    {
        var payload = invocation is null
            ? handler.Parameters.Where(IsPayload).Select(static parameter => parameter.Name)
            : invocation.ArgumentList.Arguments
                .Where((argument, i) => ParameterOf(handler, argument, i) is not { } parameter || IsPayload(parameter))
                .Select(static argument => argument.ToString());
        var type = handler.ContainingType.ToMinimalDisplayString(model, call.SpanStart);
        return $"'{type}.{Naming.Factory(handler.Name)}({string.Join(", ", payload)})'";
    }

    private static IParameterSymbol? ParameterOf(IMethodSymbol handler, ArgumentSyntax argument, int index) =>
        argument.NameColon is { Name.Identifier.ValueText: var name }
            ? handler.Parameters.FirstOrDefault(parameter => parameter.Name == name)
            : index < handler.Parameters.Length ? handler.Parameters[index] : null;

    private static bool IsPayload(IParameterSymbol parameter) =>
        ParameterParser.Role(parameter) == ParameterRole.Payload;
}
