namespace Lovage;

/// <summary>No handler is registered for a job's name.</summary>
public sealed class UnknownJobException : LovageException
{
    internal UnknownJobException(string name, JobRegistry jobs)
        : this(
            name,
            jobs,
            "Other workers are offered it. Register it with AddJobs, or give this worker only the queues whose jobs "
                + "it knows.")
    {
    }

    private UnknownJobException(string name, JobRegistry jobs, string advice)
        : base($"{Describe(name, jobs)} {advice}") => Name = name;

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>For a job that must run in the process that made it.</summary>
    internal static UnknownJobException Here(string name, JobRegistry jobs) =>
        new(
            name,
            jobs,
            "To run it in this process register it with AddJobs; to have another process or a Python worker run it, "
                + "enqueue it with JobClient.");

    private static string Describe(string name, JobRegistry jobs)
    {
        const int ShownMax = 20;
        var known = jobs.Jobs.Length == 0 ? "none" : string.Join(", ", jobs.Jobs.Take(ShownMax).Select(job => job.Name))
            + (jobs.Jobs.Length > ShownMax ? ", ..." : "");
        var near = jobs.Nearest(name);
        return $"No handler for job '{JobNames.Shown(name)}'. Registered here: "
            + $"{known}.{(near is null ? "" : $" Did you mean '{near}'?")}";
    }
}
