using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>
/// Something wrong with a handler. It names its place by symbol, so that typing above it does not change it;
/// <see cref="IssueLocator"/> finds the place.
/// </summary>
/// <param name="Rule">The id of the diagnostic.</param>
/// <param name="Target">The documentation id of the method; empty for the whole compilation.</param>
/// <param name="Parameter">Which parameter; -1 for none.</param>
/// <param name="Argument">Which argument of the attribute; null for none.</param>
/// <param name="Values">What the message is filled with.</param>
internal sealed record Issue(string Rule, string Target, int Parameter, string? Argument, EquatableArray<string> Values)
{
    internal static Issue On(DiagnosticDescriptor rule, string target, params string[] values) =>
        new(rule.Id, target, -1, null, values.ToEquatable());
}

/// <summary>An issue and its place in the source as it is now.</summary>
internal sealed record LocatedIssue(string Rule, Location Place, EquatableArray<string> Values);

/// <summary>What became of one [Job] method.</summary>
/// <param name="Job">Null when an error forbids it.</param>
/// <param name="Issues">All that is to be said.</param>
internal sealed record ParsedJob(JobModel? Job, EquatableArray<Issue> Issues);
