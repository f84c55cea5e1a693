using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>What is wrong with one method, as it is found.</summary>
internal sealed class IssueList(string method)
{
    private readonly List<Issue> _issues = [];

    internal bool HasError =>
        _issues.Any(static issue => Diagnostics.Rule(issue.Rule).DefaultSeverity == DiagnosticSeverity.Error);

    /// <summary>At the method's name.</summary>
    internal void Add(DiagnosticDescriptor rule, params string[] values) => _issues.Add(Issue.On(rule, method, values));

    /// <summary>At a parameter.</summary>
    internal void AddAt(int parameter, DiagnosticDescriptor rule, params string[] values) =>
        _issues.Add(Issue.On(rule, method, values) with { Parameter = parameter });

    /// <summary>At an argument of the attribute.</summary>
    internal void AddAt(string argument, DiagnosticDescriptor rule, params string[] values) =>
        _issues.Add(Issue.On(rule, method, values) with { Argument = argument });

    internal EquatableArray<Issue> ToEquatable() => _issues.ToEquatable();
}
