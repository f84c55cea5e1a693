using System.Collections.Immutable;

namespace Lovage.Generators;

/// <summary>All jobs of the compilation. Only together do they show names and factories that collide.</summary>
/// <param name="Handlers">By class, in a fixed order; a job that collides with an earlier one is left out.</param>
/// <param name="Issues">Those of the single methods and those found here.</param>
internal sealed record JobSet(EquatableArray<HandlerJobs> Handlers, EquatableArray<Issue> Issues)
{
    internal static JobSet From(ImmutableArray<ParsedJob> parsed)
    {
        var issues = parsed.SelectMany(static p => p.Issues).ToList();
        var names = new Dictionary<string, JobModel>(StringComparer.Ordinal);
        var factories = new Dictionary<string, JobModel>(StringComparer.Ordinal);
        var files = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { Naming.CatalogFile };
        var accepted = new List<JobModel>();

        // In the order of the methods' ids: which of two comes second must not depend on the order of files.
        foreach (var job in parsed.Select(static p => p.Job)
            .OfType<JobModel>()
            .OrderBy(static j => j.Id, StringComparer.Ordinal))
        {
            if (Collision(job, names, factories) is { } issue)
            {
                issues.Add(issue);
                continue;
            }

            accepted.Add(job);
            factories.Add(job.FactorySignature, job);
            foreach (var name in AllNames(job))
            {
                names.Add(name, job);
            }
        }

        var handlers = accepted
            .GroupBy(static job => job.Handler)
            .OrderBy(static group => group.Key.Type, StringComparer.Ordinal)
            .Select(group => new HandlerJobs(FileName(group.Key, files), group.Key, group.ToEquatable()));
        return new JobSet(handlers.ToEquatable(), issues.ToEquatable());
    }

    // The compiler refuses two files whose names differ in case alone.
    private static string FileName(HandlerModel handler, HashSet<string> taken)
    {
        var stem = handler.Type.Replace("global::", "").Replace("@", "");
        var name = stem + ".g.cs";
        for (var n = 2; !taken.Add(name); n++)
        {
            name = $"{stem}.{n}.g.cs";
        }

        return name;
    }

    private static Issue? Collision(
        JobModel job, Dictionary<string, JobModel> names, Dictionary<string, JobModel> factories)
    {
        if (factories.TryGetValue(job.FactorySignature, out var twin))
        {
            return Issue.On(
                Diagnostics.FactoryClash, job.Id, job.Factory, job.Method, $"{twin.Handler.Display}.{twin.Method}");
        }

        foreach (var name in AllNames(job))
        {
            if (names.TryGetValue(name, out var other))
            {
                return Issue.On(Diagnostics.DuplicateName, job.Id, name, $"{other.Handler.Display}.{other.Method}") with
                {
                    Argument = name == job.Options.Name ? "name" : "Aliases",
                };
            }
        }

        return null;
    }

    private static IEnumerable<string> AllNames(JobModel job) =>
        new[] { job.Options.Name }.Concat(job.Options.Aliases).Distinct(StringComparer.Ordinal);
}
