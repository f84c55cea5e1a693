using System.Globalization;
using Lovage.Scheduling;
using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>
/// Reads the [Schedule] attributes of a handler and checks them, the expression with the parser that runs.
/// </summary>
internal static class ScheduleParser
{
    private const string IdCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
    private const int IdLengthMax = 128;
    private const double SecondsMax = 3_653D * 86_400D;

    /// <summary>What is wrong with a method that has the attribute and is no handler; null when it is one.</summary>
    internal static Issue? Stray(ISymbol method) =>
        Types.HasAttribute(method, AttributeNames.Job)
            ? null
            : Issue.On(Diagnostics.ScheduleWithoutJob, IssueLocator.Id(method), method.Name);

    internal static EquatableArray<ScheduleModel> Parse(IMethodSymbol method, IssueList issues)
    {
        var attributes = method.GetAttributes()
            .Where(static a => a.AttributeClass is { } type && Types.Is(type, AttributeNames.Schedule))
            .ToArray();
        if (attributes.Length > 0
            && method.Parameters.FirstOrDefault(static p => ParameterParser.Role(p) == ParameterRole.Payload
                && !p.HasExplicitDefaultValue
                && !p.IsParams) is { } needed)
        {
            issues.AddAt(
                needed.Ordinal,
                Diagnostics.BadSchedule,
                method.Name,
                $"its parameter '{needed.Name}' has no default, and a schedule gives no arguments; give it one, or "
                    + "add the schedule with AddSchedule");
        }

        return attributes.Select(attribute => Read(attribute, method, issues)).ToEquatable();
    }

    private static ScheduleModel Read(AttributeData attribute, IMethodSymbol method, IssueList issues)
    {
        var id = Text(attribute, 0);
        if (id.Length is 0 or > IdLengthMax || id.Any(static c => IdCharacters.IndexOf(c) < 0))
        {
            issues.Add(
                Diagnostics.BadSchedule,
                method.Name,
                $"'{id}' is no id: 1 to {IdLengthMax} characters of A-Z a-z 0-9 . _ : - are");
        }

        var cron = Text(attribute, 1);
        if (CronParser.Parse(cron, CronRules.Standard, out var error) is null)
        {
            issues.Add(
                Diagnostics.BadCron, cron, error!.Field is null ? error.Message : $"{error.Field}: {error.Message}");
        }

        return new ScheduleModel(
            id,
            cron,
            Value(attribute, "TimeZone") as string ?? "UTC",
            Value(attribute, "EveryNode") is true,
            Policy(attribute, method, issues).ToEquatable());
    }

    private static List<string> Policy(AttributeData attribute, IMethodSymbol method, IssueList issues)
    {
        var policy = new List<string>();
        foreach (var rule in new[] { "Misfire", "Overlap" })
        {
            if (attribute.NamedArguments.FirstOrDefault(argument => argument.Key == rule).Value
                is { Kind: TypedConstantKind.Enum } given)
            {
                policy.Add($"{rule} = {Literals.Constant(given)}");
            }
        }

        foreach (var number in new[] { "CatchUpMax", "OverlapMax" })
        {
            if (Value(attribute, number) is int value)
            {
                Check(value is >= 1 and <= 1_000, number, value, "1 to 1,000");
                policy.Add($"{number} = {value.ToString(CultureInfo.InvariantCulture)}");
            }
        }

        if (Value(attribute, "GraceSeconds") is double grace)
        {
            Check(grace is > 0 and <= SecondsMax, "GraceSeconds", grace, "more than 0 s, at most 10 years");
            policy.Add($"Grace = global::System.TimeSpan.FromSeconds({CodeText.Number(grace)})");
        }

        if (Value(attribute, "JitterSeconds") is double jitter)
        {
            Check(jitter is >= 0 and <= 86_400, "JitterSeconds", jitter, "0 s to 1 day");
            policy.Add($"Jitter = global::System.TimeSpan.FromSeconds({CodeText.Number(jitter)})");
        }

        return policy;

        void Check(bool isAllowed, string property, IFormattable value, string expected)
        {
            if (!isAllowed)
            {
                issues.Add(
                    Diagnostics.BadSchedule,
                    method.Name,
                    $"{property} is {value.ToString(null, CultureInfo.InvariantCulture)}; {expected} is expected");
            }
        }
    }

    private static string Text(AttributeData attribute, int place) =>
        attribute.ConstructorArguments.Length > place && attribute.ConstructorArguments[place].Value is string text
            ? text
            : "";

    private static object? Value(AttributeData attribute, string property) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.Key == property).Value
            is { IsNull: false, Kind: TypedConstantKind.Primitive } given
            ? given.Value
            : null;
}
