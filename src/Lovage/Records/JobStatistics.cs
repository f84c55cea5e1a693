namespace Lovage;

/// <summary>What happened in one hour to the jobs of one name on one queue.</summary>
/// <remarks>Immutable: a snapshot. The hours are those of UTC, by the storage's clock.</remarks>
public sealed record JobStatistics
{
    /// <summary>When the hour began.</summary>
    public required DateTimeOffset Hour { get; init; }

    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>The job's name.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Accepted. A requeued job counts once more; a moved job stays with the queue that accepted it.
    /// </summary>
    public long Enqueued { get; init; }

    /// <summary>Ended as succeeded.</summary>
    public long Succeeded { get; init; }

    /// <summary>Ended as failed.</summary>
    public long Failed { get; init; }

    /// <summary>Attempts that led to a retry.</summary>
    public long Retried { get; init; }

    /// <summary>Ended as cancelled.</summary>
    public long Cancelled { get; init; }

    /// <summary>Ended as expired.</summary>
    public long Expired { get; init; }

    /// <summary>Set aside as dead letters.</summary>
    public long Dead { get; init; }

    /// <summary>How long jobs were ready before their first attempts, by outcomes of this hour.</summary>
    public DurationHistogram Wait { get; init; } = DurationHistogram.Empty;

    /// <summary>How long attempts ran that ended with an outcome. One that no handler saw does not count.</summary>
    public DurationHistogram Run { get; init; } = DurationHistogram.Empty;
}

/// <summary>Which hours, of which jobs.</summary>
public sealed record StatisticsQuery
{
    /// <summary>From the hour that holds this instant.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Up to the hour that holds this instant; null (the default) up to now.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only this queue; null (the default) for all.</summary>
    public string? Queue { get; init; }

    /// <summary>Only jobs of this name; null (the default) for all.</summary>
    public string? Name { get; init; }
}
