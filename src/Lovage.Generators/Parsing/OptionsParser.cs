using System.Collections.Immutable;
using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>
/// Reads what the [Job] attribute says and checks it, so that no definition can fail when the process starts.
/// </summary>
internal sealed class OptionsParser(Compilation compilation, AttributeData attribute, IssueList issues)
{
    // The bound of JobLimits.DelayMax.
    private const double SecondsMax = 3_653D * 86_400D;
    private const int AttemptsMax = 1_000;

    internal JobOptions Parse(string defaultName)
    {
        var name = attribute.ConstructorArguments.FirstOrDefault().Value as string ?? defaultName;
        if (!Naming.IsJobName(name))
        {
            issues.AddAt("name", Diagnostics.BadName, name);
        }

        var aliases = Values("Aliases")
            .Select(static v => v.Value as string ?? "")
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        foreach (var alias in aliases.Where(static alias => !Naming.IsJobName(alias)))
        {
            issues.AddAt("Aliases", Diagnostics.BadName, alias);
        }

        var queue = Value("Queue") as string;
        if (queue is not null && !Naming.IsQueue(queue))
        {
            issues.AddAt("Queue", Diagnostics.BadQueue, queue);
        }

        return new JobOptions
        {
            Name = name,
            Aliases = aliases.ToEquatable(),
            Queue = queue,
            Priority = Whole("Priority", 9, "0 (first) to 9 (last)"),
            MaxAttempts = Whole("MaxAttempts", AttemptsMax, "1 to 1,000, or 0 for the worker's setting,"),
            WritesNames = Enumerated("Arguments")?.EndsWith(".ByName", StringComparison.Ordinal) == true,
            Execution = Enumerated("Execution"),
            SoftTimeLimitSeconds = Seconds("SoftTimeLimitSeconds"),
            TimeLimitSeconds = Seconds("TimeLimitSeconds"),
            KeepResult = Value("KeepResult") is not false,
            Filters = TypesOf("Filters").Where(IsFilter).Select(Types.Runtime).ToEquatable(),
            Retry = ParseRetry(),
        };
    }

    private RetryOptions? ParseRetry()
    {
        string[] properties =
        [
            "Backoff",
            "RetryDelaySeconds",
            "RetryDelayMaxSeconds",
            "RetryDelaysSeconds",
            "RetryOn",
            "NeverRetryOn",
        ];
        return attribute.NamedArguments.Any(argument => properties.Contains(argument.Key))
            ? new RetryOptions(
                Enumerated("Backoff"),
                Seconds("RetryDelaySeconds"),
                Seconds("RetryDelayMaxSeconds"),
                Values("RetryDelaysSeconds")
                    .Select(v => Checked("RetryDelaysSeconds", v.Value as double? ?? 0))
                    .ToEquatable(),
                Exceptions("RetryOn"),
                Exceptions("NeverRetryOn"))
            : null;
    }

    private int Whole(string property, int max, string expected)
    {
        var value = Value(property) as int? ?? 0;
        if (value < 0 || value > max)
        {
            issues.AddAt(
                property, Diagnostics.OutOfRange, property, value.ToString(CultureInfo.InvariantCulture), expected);
        }

        return value;
    }

    private double Seconds(string property) => Checked(property, Value(property) as double? ?? 0);

    private double Checked(string property, double seconds)
    {
        if (!(seconds is >= 0 and <= SecondsMax))
        {
            issues.AddAt(
                property,
                Diagnostics.OutOfRange,
                property,
                seconds.ToString(CultureInfo.InvariantCulture),
                "0 s to 10 years");
        }

        return seconds;
    }

    private string? Enumerated(string property)
    {
        var given = attribute.NamedArguments.FirstOrDefault(argument => argument.Key == property).Value;
        if (given.Kind != TypedConstantKind.Enum)
        {
            return null;
        }

        var field = given.Type!.GetMembers()
            .OfType<IFieldSymbol>()
            .FirstOrDefault(f => f.HasConstantValue && Equals(f.ConstantValue, given.Value));
        if (field is null)
        {
            issues.AddAt(property, Diagnostics.OutOfRange, property, $"{given.Value}", $"a value of {given.Type.Name}");
            return null;
        }

        return $"{Types.Runtime(given.Type)}.{field.Name}";
    }

    private bool IsFilter(ITypeSymbol type)
    {
        var contract = compilation.GetTypeByMetadataName("Lovage.IJobFilter");
        var reason = !compilation.IsSymbolAccessibleWithin(type, compilation.Assembly)
                ? "cannot be reached by the generated code; make it internal or public"
            : type is not INamedTypeSymbol { TypeKind: TypeKind.Class, IsAbstract: false, IsUnboundGenericType: false }
                ? "is not a class that can be made"
            : contract is not null && !type.AllInterfaces.Contains(contract, SymbolEqualityComparer.Default)
                ? "does not implement IJobFilter"
            : null;
        if (reason is not null)
        {
            issues.AddAt("Filters", Diagnostics.NotAFilter, Types.Shown(type), reason);
        }

        return reason is null;
    }

    private EquatableArray<string> Exceptions(string property)
    {
        var accepted = new List<string>();
        foreach (var type in TypesOf(property))
        {
            var reason = !Types.SelfAndBases(type).Any(static t => Types.FullName(t) == "System.Exception")
                && type.TypeKind != TypeKind.Interface
                    ? "is no exception"
                : type is INamedTypeSymbol { IsUnboundGenericType: true }
                    ? "is an open generic type, which no exception is"
                : !compilation.IsSymbolAccessibleWithin(type, compilation.Assembly)
                    ? "cannot be reached by the generated code; make it internal or public"
                : null;
            if (reason is null)
            {
                accepted.Add(Types.Runtime(type));
            }
            else
            {
                issues.AddAt(property, Diagnostics.NotAnException, Types.Shown(type), property, reason);
            }
        }

        return accepted.ToEquatable();
    }

    private object? Value(string property) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.Key == property).Value
            is { IsNull: false, Kind: TypedConstantKind.Primitive } given
            ? given.Value
            : null;

    private ImmutableArray<TypedConstant> Values(string property) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.Key == property).Value
            is { Kind: TypedConstantKind.Array, IsNull: false } given
            ? given.Values
            : [];

    private IEnumerable<ITypeSymbol> TypesOf(string property) =>
        Values(property)
            .Select(static v => v.Value)
            .OfType<ITypeSymbol>()
            .Where(static t => t.TypeKind != TypeKind.Error);
}
