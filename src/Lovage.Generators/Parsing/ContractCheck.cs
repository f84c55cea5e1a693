using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>The issues of the jobs, and the contracts that nothing in this project provides.</summary>
/// <param name="Certain">Issues as they are.</param>
/// <param name="Missing">Contracts that a referenced assembly may still know, with the job that asks.</param>
internal sealed record ContractCheck(EquatableArray<Issue> Certain, EquatableArray<MissingContract> Missing)
{
    internal static ContractCheck Run(JobSet set, ImmutableArray<EquatableArray<string>> known, BuildFacts build)
    {
        if (!build.ReflectionIsOff)
        {
            return new ContractCheck(set.Issues, default);
        }

        var types = new HashSet<string>(known.SelectMany(static k => k), StringComparer.Ordinal);
        var missing = set.Handlers
            .SelectMany(static handler => handler.Jobs)
            .SelectMany(static job => job.Contracts.Select(need => new MissingContract(job.Id, need)))
            .Where(missing => !types.Contains(missing.Need.Type));
        return new ContractCheck(set.Issues, missing.ToEquatable());
    }

    internal static EquatableArray<LocatedIssue> Resolve(ContractCheck check, Compilation compilation) =>
        check.Certain
            .Concat(check.Missing
                .Where(missing => !JsonContracts.IsKnownIn(compilation, missing.Need))
                .Select(static missing => Issue.On(Diagnostics.NoContract, missing.Job, missing.Need.Display) with
                {
                    Parameter = missing.Need.Parameter,
                }))
            .Select(issue => IssueLocator.Locate(compilation, issue))
            .ToEquatable();
}

/// <summary>A contract a job asks for.</summary>
internal sealed record MissingContract(string Job, ContractNeed Need);
