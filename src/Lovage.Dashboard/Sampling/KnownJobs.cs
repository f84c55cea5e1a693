using System.Collections.Immutable;

namespace Lovage.Dashboard.Sampling;

/// <summary>A job as this process or live workers know it.</summary>
/// <param name="Name">Its name on the wire.</param>
/// <param name="Queue">The queue when the caller names none; null for the default.</param>
/// <param name="Parameters">The names of its parameters in their order; empty when they are not known.</param>
/// <param name="Sensitive">The names of what is never shown.</param>
/// <param name="Schema">The JSON schema of its arguments; null when none is known.</param>
/// <param name="Workers">How many live workers know it.</param>
internal sealed record CatalogJob(
    string Name,
    string? Queue,
    IReadOnlyList<string> Parameters,
    ImmutableArray<string> Sensitive,
    string? Schema,
    int Workers)
{
    internal static CatalogJob Unknown(string name) => new(name, null, [], [], null, 0);
}

/// <summary>The jobs that live workers announce, and those of this process. What either hides is hidden.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class KnownJobs
{
    private readonly Cached<IReadOnlyDictionary<string, CatalogJob>> _jobs;

    internal KnownJobs(JobInspector jobs, JobRegistry registry, TimeProvider time) =>
        _jobs = new(
            time, TimeSpan.FromSeconds(5), async token => Merge(await jobs.CatalogAsync(token), registry));

    /// <summary>All of them, by name.</summary>
    internal Task<IReadOnlyDictionary<string, CatalogJob>> AllAsync(CancellationToken cancellationToken) =>
        _jobs.GetAsync(cancellationToken);

    /// <summary>The job of this name or former name; one without parameters for a name that is not known.</summary>
    internal async ValueTask<CatalogJob> FindAsync(string name, CancellationToken cancellationToken) =>
        (await AllAsync(cancellationToken)).GetValueOrDefault(name) ?? CatalogJob.Unknown(name);

    private static Dictionary<string, CatalogJob> Merge(IReadOnlyList<KnownJob> announced, JobRegistry registry)
    {
        var jobs = new Dictionary<string, CatalogJob>(StringComparer.Ordinal);
        foreach (var job in registry.Jobs)
        {
            var known = new CatalogJob(
                job.Name, job.Queue, [.. job.Parameters.Select(static one => one.Name)], job.SensitiveParameters, null, 0);
            foreach (var name in job.Aliases.Prepend(job.Name))
            {
                jobs[name] = known;
            }
        }

        foreach (var (job, workers) in announced)
        {
            foreach (var name in job.Aliases.Prepend(job.Name))
            {
                var here = jobs.GetValueOrDefault(name) ?? CatalogJob.Unknown(job.Name);
                jobs[name] = here with
                {
                    Queue = job.Queue ?? here.Queue,
                    Parameters = job.Parameters?.Select(static one => one.Name).ToArray() ?? here.Parameters,
                    Sensitive = SensitiveName.Union(here.Sensitive, [.. job.SensitiveParameters]),
                    Schema = job.Schema,
                    Workers = workers,
                };
            }
        }

        return jobs;
    }
}
