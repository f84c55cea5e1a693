namespace Lovage.Execution;

/// <summary>Describes the jobs of a process for the storage's list of workers.</summary>
internal static class JobDescriptions
{
    /// <summary>UTF-16 code units of all schemas at the most; none is made after that.</summary>
    private const int SchemasMax = 1024 * 1024;

    /// <summary>The jobs.</summary>
    /// <param name="jobs">All jobs of the process.</param>
    /// <param name="serializer">Knows the contracts; null to leave the schemas out.</param>
    internal static IReadOnlyList<JobCatalogEntry> Of(JobRegistry jobs, JobSerializer? serializer)
    {
        var entries = new List<JobCatalogEntry>(jobs.Jobs.Length);
        var length = 0;
        foreach (var job in jobs.Jobs)
        {
            var schema = serializer is not null && length < SchemasMax ? JobSchema.Of(job, serializer) : null;
            length += schema?.Length ?? 0;
            entries.Add(new JobCatalogEntry
            {
                Name = job.Name,
                Aliases = job.Aliases,
                Queue = job.Queue,
                Parameters = job.SaysParameters
                    ? [
                        .. job.Parameters.Select(static parameter => new JobCatalogParameter(
                            parameter.Name,
                            parameter.IsOptional,
                            parameter.IsSensitive || !parameter.SensitiveMembers.IsEmpty)),
                    ]
                    : null,
                SensitiveParameters = job.SensitiveParameters,
                Schema = schema,
            });
        }

        return entries;
    }
}
