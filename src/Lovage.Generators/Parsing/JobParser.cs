using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lovage.Generators;

/// <summary>Reads one [Job] method: symbols go in, a model without symbols and what is wrong come out.</summary>
internal sealed class JobParser
{
    private readonly Compilation _compilation;
    private readonly IMethodSymbol _method;
    private readonly AttributeData _attribute;
    private readonly IssueList _issues;

    private JobParser(Compilation compilation, IMethodSymbol method, AttributeData attribute)
    {
        _compilation = compilation;
        _method = method;
        _attribute = attribute;
        _issues = new IssueList(IssueLocator.Id(method));
    }

    /// <summary>True for what the attribute can stand on.</summary>
    internal static bool IsCandidate(SyntaxNode node) =>
        node is MethodDeclarationSyntax
            or LocalFunctionStatementSyntax
            or AccessorDeclarationSyntax
            or LambdaExpressionSyntax
            or OperatorDeclarationSyntax
            or ConversionOperatorDeclarationSyntax
            or ConstructorDeclarationSyntax
            or DestructorDeclarationSyntax;

    internal static ParsedJob Parse(GeneratorAttributeSyntaxContext context) =>
        new JobParser(context.SemanticModel.Compilation, (IMethodSymbol)context.TargetSymbol, context.Attributes[0])
            .Parse();

    private ParsedJob Parse()
    {
        if (HandlerParser.WhyNoHandler(_compilation, _method) is { } reason)
        {
            _issues.Add(Diagnostics.BadHandler, _method.Name, reason);
            return new ParsedJob(null, _issues.ToEquatable());
        }

        var factory = Naming.Factory(_method.Name);
        CheckShape(factory);
        var result = ResultOf(_method.ReturnType);
        var parameters = ParameterParser.Parse(_method, _issues);
        var contracts = CheckPayload(result.Type);
        var checks = CheckParser.Parse(_compilation, Payload(), _issues);
        var defaultName = $"{Naming.SnakeCase(_method.ContainingType.Name)}.{Naming.SnakeCase(factory)}";
        var options = new OptionsParser(_compilation, _attribute, _issues).Parse(defaultName);
        var schedules = ScheduleParser.Parse(_method, _issues);
        if (_issues.HasError)
        {
            return new ParsedJob(null, _issues.ToEquatable());
        }

        var handler = HandlerParser.Parse(_compilation, _method.ContainingType);
        var job = new JobModel
        {
            Id = IssueLocator.Id(_method),
            Handler = handler,
            Method = Naming.Identifier(_method.Name),
            Factory = Naming.Identifier(factory),
            IsStatic = _method.IsStatic,
            IsPublic = handler.IsPublic && IsPublic(result.Type) && Payload().All(p => IsPublic(p.Type)),
            Result = result.Kind,
            ResultType = result.Type is null ? null : Types.Code(result.Type),
            Parameters = parameters,
            Options = options,
            Contracts = contracts,
            Checks = checks,
            Schedules = schedules,
            SensitiveResult = SensitiveOf(SensitiveParser.ParseResult(_method, result.Type)),
        };
        return new ParsedJob(job, _issues.ToEquatable());
    }

    private static EquatableArray<string> SensitiveOf(SensitiveParts result) =>
        result.IsWhole ? Enumerable.Repeat("*", 1).ToEquatable() : result.Members;

    private void CheckShape(string factory)
    {
        if (_method.IsAsync && _method.ReturnsVoid)
        {
            _issues.Add(Diagnostics.AsyncVoid, _method.Name);
        }

        if (_method.IsStatic && factory == _method.Name)
        {
            _issues.Add(Diagnostics.StaticWithoutAsync, _method.Name, _method.ContainingType.Name);
        }

        foreach (var type in new[] { Types.Token, Types.Context })
        {
            if (_method.Parameters.Count(p => Types.Is(p.Type, type)) > 1)
            {
                _issues.Add(Diagnostics.TwiceTheSame, _method.Name, type.Substring(type.LastIndexOf('.') + 1));
            }
        }

        var awaits = Types.IsTask(_method.ReturnType);
        if (awaits && !_method.Parameters.Any(p => Types.Is(p.Type, Types.Token) || Types.Is(p.Type, Types.Context)))
        {
            _issues.Add(Diagnostics.NoCancellationToken, _method.Name);
        }

        if (ClashingMethod(factory) is { } other)
        {
            _issues.Add(Diagnostics.FactoryClash, factory, _method.Name, other.ToDisplayString());
        }
    }

    // A static method wins over an extension member of the same name, so the factory could not be called.
    private IMethodSymbol? ClashingMethod(string factory)
    {
        var payload = Payload().ToArray();
        for (var type = _method.ContainingType; type is not null; type = type.BaseType)
        {
            var clash = type.GetMembers(factory).OfType<IMethodSymbol>().FirstOrDefault(other =>
                other.IsStatic
                && !SymbolEqualityComparer.Default.Equals(other, _method)
                && other.Parameters.Length == payload.Length
                && other.Parameters.Zip(payload, static (a, b) => SymbolEqualityComparer.Default.Equals(a.Type, b.Type))
                    .All(static same => same));
            if (clash is not null)
            {
                return clash;
            }
        }

        return null;
    }

    private EquatableArray<ContractNeed> CheckPayload(ITypeSymbol? result)
    {
        var contracts = ImmutableArray.CreateBuilder<ContractNeed>();
        foreach (var parameter in Payload())
        {
            if (PayloadTypes.WhyNot(parameter.Type) is { } reason)
            {
                _issues.AddAt(
                    parameter.Ordinal,
                    Diagnostics.NotSerializable,
                    $"Parameter '{parameter.Name}'",
                    Types.Shown(parameter.Type),
                    reason);
            }
            else if (UnmadeTypes.WhyNot(parameter.Type) is { } doubt)
            {
                _issues.AddAt(
                    parameter.Ordinal,
                    Diagnostics.ServiceAsPayload,
                    parameter.Name,
                    Types.Shown(parameter.Type),
                    doubt);
            }
            else
            {
                if (UnmadeTypes.IsUntyped(parameter.Type))
                {
                    _issues.AddAt(
                        parameter.Ordinal,
                        Diagnostics.LosesMembers,
                        $"Parameter '{parameter.Name}'",
                        Types.Shown(parameter.Type),
                        "JSON names no types, so the handler gets a JsonElement where the caller gave an object; "
                            + "declare the type, or a JsonElement");
                }

                foreach (var loss in LostMembers.Of(parameter.Type))
                {
                    _issues.AddAt(
                        parameter.Ordinal,
                        Diagnostics.LosesMembers,
                        $"Parameter '{parameter.Name}'",
                        Types.Shown(parameter.Type),
                        loss);
                }

                if (JsonContracts.Need(_compilation, parameter.Type, parameter.Ordinal) is { } need)
                {
                    contracts.Add(need);
                }
            }
        }

        if (_method.RefKind != RefKind.None)
        {
            _issues.Add(
                Diagnostics.NotSerializable,
                "The result",
                Types.Shown(_method.ReturnType),
                "it is returned by reference; return a value");
        }
        else if (result is not null && PayloadTypes.WhyNot(result) is { } reason)
        {
            _issues.Add(Diagnostics.NotSerializable, "The result", Types.Shown(result), reason);
        }
        else if (result is not null)
        {
            foreach (var loss in LostMembers.Of(result))
            {
                _issues.Add(Diagnostics.LosesMembers, "The result", Types.Shown(result), loss);
            }

            if (JsonContracts.Need(_compilation, result, -1) is { } need)
            {
                contracts.Add(need);
            }
        }

        return contracts.ToEquatable();
    }

    private IEnumerable<IParameterSymbol> Payload() =>
        _method.Parameters.Where(
            static p => ParameterParser.Role(p) == ParameterRole.Payload && p.RefKind == RefKind.None);

    private static bool IsPublic(ITypeSymbol? type) => type is null || Types.IsPublic(type);

    private static (ResultKind Kind, ITypeSymbol? Type) ResultOf(ITypeSymbol type)
    {
        if (type.SpecialType == SpecialType.System_Void)
        {
            return (ResultKind.Void, null);
        }

        if (!Types.IsTask(type))
        {
            return (ResultKind.Value, type);
        }

        var value = ((INamedTypeSymbol)type).TypeArguments.FirstOrDefault();
        var isTask = type.Name == "Task";
        return value is null
            ? (isTask ? ResultKind.Task : ResultKind.ValueTask, null)
            : (isTask ? ResultKind.TaskValue : ResultKind.ValueTaskValue, value);
    }
}
