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
    IReadOnlyList<string> Sensitive,
    string? Schema,
    int Workers);

/// <summary>The jobs that live workers announce, and those of this process.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class KnownJobs
{
    private readonly Cached<IReadOnlyDictionary<string, CatalogJob>> _jobs;

    internal KnownJobs(JobInspector jobs, JobRegistry registry, TimeProvider time) =>
        _jobs = new(
            time, TimeSpan.FromSeconds(5), async token => Merge(await jobs.WorkersAsync(token), registry));

    /// <summary>All of them, by name.</summary>
    internal Task<IReadOnlyDictionary<string, CatalogJob>> AllAsync(CancellationToken cancellationToken) =>
        _jobs.GetAsync(cancellationToken);

    /// <summary>One of them; one without parameters for a name that is not known.</summary>
    internal async ValueTask<CatalogJob> FindAsync(string name, CancellationToken cancellationToken) =>
        (await AllAsync(cancellationToken)).GetValueOrDefault(name) ?? new CatalogJob(name, null, [], [], null, 0);

    private static Dictionary<string, CatalogJob> Merge(IReadOnlyList<WorkerRecord> workers, JobRegistry registry)
    {
        var jobs = registry.Jobs.ToDictionary(
            static job => job.Name,
            static job => new CatalogJob(
                job.Name, job.Queue, [.. job.Parameters.Select(static one => one.Name)], [], null, 0),
            StringComparer.Ordinal);
        foreach (var name in workers.SelectMany(static worker => worker.Names))
        {
            var job = jobs.GetValueOrDefault(name) ?? new CatalogJob(name, null, [], [], null, 0);
            jobs[name] = job with { Workers = job.Workers + 1 };
        }

        return jobs;
    }
}
