using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>
/// Writes, for each [Job] method, its factory, binder and definition, and for the assembly its catalog and AddJobs().
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class JobGenerator : IIncrementalGenerator
{
    /// <summary>The names of the steps, for tests of the cache.</summary>
    internal static readonly ImmutableArray<string> Steps = ["Jobs", "JobSet", "Handlers", "Catalog", "Issues"];

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        // Embedded types are not seen by friend assemblies, so each one has just its own AddJobs().
        context.RegisterPostInitializationOutput(static output => output.AddEmbeddedAttributeDefinition());

        var oldLanguage = context.ParseOptionsProvider.Select(
            static (options, _) => AssemblyFacts.OldLanguage(options));
        var build = context.AnalyzerConfigOptionsProvider.Select(static (options, _) => BuildFacts.From(options));
        var assembly = context.CompilationProvider.Combine(build)
            .Select(static (pair, _) => AssemblyFacts.From(pair.Left, pair.Right));

        var strays = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                AttributeNames.Schedule,
                static (node, _) => JobParser.IsCandidate(node),
                static (found, _) => ScheduleParser.Stray(found.TargetSymbol))
            .Where(static issue => issue is not null)
            .Select(static (issue, _) => issue!)
            .Collect();
        var set = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                AttributeNames.Job,
                static (node, _) => JobParser.IsCandidate(node),
                static (found, _) => JobParser.Parse(found))
            .WithTrackingName("Jobs")
            .Collect()
            .Combine(oldLanguage)
            .Select(static (pair, _) => Admit(JobSet.From(pair.Left), pair.Right))
            .Combine(strays)
            .Select(static (pair, _) => pair.Right.IsEmpty
                ? pair.Left
                : pair.Left with { Issues = pair.Left.Issues.Concat(pair.Right).ToEquatable() })
            .WithTrackingName("JobSet");

        var handlers = set.SelectMany(static (all, _) => all.Handlers).WithTrackingName("Handlers");
        var catalog = set.Select(static (all, _) => all.Handlers).Combine(assembly).WithTrackingName("Catalog");

        var known = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                JsonContracts.Attribute, static (_, _) => true, static (found, _) => JsonContracts.Known(found))
            .Collect();
        var issues = set
            .Combine(known)
            .Combine(build)
            .Select(static (input, _) => ContractCheck.Run(input.Left.Left, input.Left.Right, input.Right))
            .Combine(context.CompilationProvider)
            .Select(static (pair, _) => ContractCheck.Resolve(pair.Left, pair.Right))
            .WithTrackingName("Issues");

        context.RegisterSourceOutput(
            handlers, static (output, handler) => output.AddSource(handler.File, HandlerEmitter.Emit(handler)));
        context.RegisterSourceOutput(catalog, static (output, pair) =>
        {
            if (pair.Left.Count > 0)
            {
                output.AddSource(Naming.CatalogFile, CatalogEmitter.Emit(pair.Left, pair.Right));
            }
        });
        context.RegisterSourceOutput(issues, static (output, located) =>
        {
            foreach (var issue in located)
            {
                output.ReportDiagnostic(
                    Diagnostic.Create(Diagnostics.Rule(issue.Rule), issue.Place, [.. issue.Values]));
            }
        });
    }

    private static JobSet Admit(JobSet set, string? oldLanguage) =>
        oldLanguage is null || set.Handlers.Count == 0
            ? set
            : new JobSet(
                default,
                set.Issues.Append(Issue.On(Diagnostics.OldLanguage, set.Handlers[0].Jobs[0].Id, oldLanguage))
                    .ToEquatable());
}
