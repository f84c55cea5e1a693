namespace Lovage;

/// <summary>Puts together what several workers announce.</summary>
internal static class JobCatalogs
{
    /// <summary>The jobs of all workers, by name.</summary>
    /// <param name="workers">The workers, in the order in which they started.</param>
    internal static IReadOnlyList<KnownJob> Of(IReadOnlyList<WorkerRecord> workers)
    {
        var known = new SortedDictionary<string, KnownJob>(StringComparer.Ordinal);
        foreach (var worker in workers)
        {
            var described = worker.Jobs.SelectMany(static job => job.Aliases.Prepend(job.Name)).ToHashSet();
            foreach (var job in worker.Jobs.Concat(worker.Names
                .Where(name => !described.Contains(name))
                .Select(static name => new JobCatalogEntry { Name = name })))
            {
                known[job.Name] = known.TryGetValue(job.Name, out var before)
                    ? new KnownJob(Newer(before.Job, job), before.Workers + 1)
                    : new KnownJob(job, 1);
            }
        }

        return [.. known.Values];
    }

    /// <summary>The newer description; one that only names the job says nothing.</summary>
    private static JobCatalogEntry Newer(JobCatalogEntry before, JobCatalogEntry job)
    {
        var says = job.Parameters is not null || before.Parameters is null;
        return (says ? job : before) with
        {
            SensitiveParameters = SensitiveName.Union(
                [.. before.SensitiveParameters], [.. job.SensitiveParameters]),
        };
    }
}
