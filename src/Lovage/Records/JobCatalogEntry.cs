namespace Lovage;

/// <summary>A job as the workers that can run it announce it: what a form for its arguments needs.</summary>
/// <remarks>Immutable: a snapshot.</remarks>
public sealed record JobCatalogEntry
{
    /// <summary>The job's name on the wire.</summary>
    public required string Name { get; init; }

    /// <summary>Former names that still lead to it; empty by default.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The queue when the caller names none; null for the client's default.</summary>
    public string? Queue { get; init; }

    /// <summary>Its parameters in their order; null when the definition does not say them.</summary>
    public IReadOnlyList<JobCatalogParameter>? Parameters { get; init; }

    /// <summary>
    /// The arguments that are not shown, as <see cref="Job.SensitiveParameters"/> names them; empty by default.
    /// </summary>
    public IReadOnlyList<string> SensitiveParameters { get; init; } = [];

    /// <summary>
    /// The JSON schema (draft 2020-12) of the arguments by name, an object, as JSON text of 16 KiB at the most. Null
    /// when the definition does not say its parameters, a type has no JSON contract, or the schema would be larger.
    /// </summary>
    public string? Schema { get; init; }
}

/// <summary>A parameter of a job as workers announce it.</summary>
/// <param name="Name">Its name on the wire.</param>
/// <param name="IsOptional">True when it has a default.</param>
/// <param name="IsSensitive">True when its value, or a part of it, is not shown.</param>
public sealed record JobCatalogParameter(string Name, bool IsOptional, bool IsSensitive);

/// <summary>A job that live workers know.</summary>
/// <param name="Job">As the worker that started last announces it. What any of them hides is hidden.</param>
/// <param name="Workers">How many live workers know it.</param>
public sealed record KnownJob(JobCatalogEntry Job, int Workers);
