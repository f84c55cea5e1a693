namespace Lovage;

/// <summary>Failed attempts of one cause, by <see cref="JobError.Fingerprint"/>.</summary>
/// <remarks>
/// Immutable: a snapshot. The storage counts failures in steps of ten minutes, so that a window reaches up to ten
/// minutes further back than it says.
/// </remarks>
public sealed record FailureGroup
{
    /// <summary>The fingerprint, 16 hexadecimal digits.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The job's name.</summary>
    public required string Name { get; init; }

    /// <summary>The newest error.</summary>
    public required JobError Error { get; init; }

    /// <summary>The job of the newest error; the storage may have removed it since.</summary>
    public required JobId Sample { get; init; }

    /// <summary>When the first attempt of this group failed, by the storage's clock.</summary>
    public required DateTimeOffset FirstAt { get; init; }

    /// <summary>When the newest one failed.</summary>
    public required DateTimeOffset LastAt { get; init; }

    /// <summary>Failed attempts in the last hour.</summary>
    public long LastHour { get; init; }

    /// <summary>Failed attempts in the last 24 hours.</summary>
    public long LastDay { get; init; }

    /// <summary>Failed attempts in the last 7 days.</summary>
    public long LastWeek { get; init; }

    /// <summary>Failed attempts a step in the last 24 hours, oldest first: 24 numbers, one an hour.</summary>
    public IReadOnlyList<long> Hours { get; init; } = [];
}

/// <summary>Which groups of failures, those with the newest failure first.</summary>
public sealed record FailureQuery
{
    /// <summary>Only groups with a failure at this instant or later; null (the default) for all.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only the group of this fingerprint; null (the default) for all.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Only groups of jobs of this name; null (the default) for all.</summary>
    public string? Name { get; init; }

    /// <summary>Groups at the most, 1 to 1,000; 100 by default.</summary>
    public int Limit { get; init; } = 100;
}
