namespace Lovage.Dashboard.Api;

/// <summary>A change of all jobs that match a search.</summary>
internal sealed record OperationBody
{
    public required string Id { get; init; }

    public required string Action { get; init; }

    public required string Q { get; init; }

    public required string By { get; init; }

    public string? Reason { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public required string State { get; init; }

    public required Bounded Expected { get; init; }

    public required long Done { get; init; }

    public required long Skipped { get; init; }

    public double? SpreadSeconds { get; init; }

    public string? Error { get; init; }

    public MoveBody? Target { get; init; }
}

/// <summary>Operations, newest first.</summary>
internal sealed record OperationsBody(IReadOnlyList<OperationBody> Items, string? Next);

/// <summary>The body of a new operation.</summary>
internal sealed record NewOperationBody
{
    public string? Action { get; init; }

    public string? Q { get; init; }

    public string? Queue { get; init; }

    public int? Priority { get; init; }

    public double? SpreadSeconds { get; init; }

    public long? Expected { get; init; }

    public string? Reason { get; init; }
}
