namespace Lovage.Dashboard.Api;

/// <summary>A live worker.</summary>
internal sealed record WorkerRow
{
    public required string Owner { get; init; }

    public required string Host { get; init; }

    public required int ProcessId { get; init; }

    public required string Version { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset BeatAt { get; init; }

    public required IReadOnlyList<string> Queues { get; init; }

    public required int Slots { get; init; }

    public required int Running { get; init; }

    public required string State { get; init; }

    public required int Known { get; init; }

    public required IReadOnlyList<string> Names { get; init; }
}

/// <summary>The live workers.</summary>
internal sealed record WorkersBody(IReadOnlyList<WorkerRow> Items);

/// <summary>The body of a command for a worker.</summary>
internal sealed record ControlBody
{
    public int? Slots { get; init; }

    public string? Queue { get; init; }

    public string? Reason { get; init; }
}

/// <summary>What a worker answered.</summary>
internal sealed record ControlDone(bool Replied, string Sentence, double Seconds);
