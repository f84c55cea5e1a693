using System.Diagnostics.CodeAnalysis;

namespace Lovage.Dashboard.Api;

/// <summary>What a row says of failures of one cause.</summary>
internal abstract record FailureFacts
{
    public required string Fingerprint { get; init; }

    public required string Job { get; init; }

    public required string Type { get; init; }

    public string? Frame { get; init; }

    public required string Message { get; init; }

    public required IReadOnlyList<string> Queues { get; init; }

    public required long Hour { get; init; }

    public required long Day { get; init; }

    public required long Week { get; init; }

    public required DateTimeOffset FirstSeen { get; init; }

    public required DateTimeOffset LastSeen { get; init; }

    public required double Rise { get; init; }

    public string? SampleJob { get; init; }
}

/// <summary>Failures of one cause in a list.</summary>
internal sealed record FailureRow : FailureFacts;

/// <summary>The groups of failures.</summary>
internal sealed record FailuresBody(IReadOnlyList<FailureRow> Items);

/// <summary>All that is known of failures of one cause.</summary>
internal sealed record FailureDetail : FailureFacts
{
    /// <summary>Takes over what a row says; the rest is set beside it.</summary>
    [SetsRequiredMembers]
    internal FailureDetail(FailureFacts row)
        : base(row)
    {
    }

    public ErrorBody Error { get; init; } = new("", "", "", [], null);

    public IReadOnlyList<long> Spark { get; init; } = [];
}
