using System.Diagnostics.CodeAnalysis;

namespace Lovage.Dashboard.Api;

/// <summary>What a row says of a queue.</summary>
internal abstract record QueueFacts
{
    public required string Name { get; init; }

    public required long Ready { get; init; }

    public required long Scheduled { get; init; }

    public required long Claimed { get; init; }

    public double? OldestSeconds { get; init; }

    public required bool Paused { get; init; }

    public string? PauseReason { get; init; }

    /// <summary>Null where the storage keeps no list of workers.</summary>
    public int? Workers { get; init; }

    public double? RateIn { get; init; }

    public double? RateOut { get; init; }

    public double? DrainSeconds { get; init; }

    public required IReadOnlyList<long> Spark { get; init; }
}

/// <summary>A queue in a list.</summary>
internal sealed record QueueRow : QueueFacts;

/// <summary>The queues.</summary>
internal sealed record QueuesBody(IReadOnlyList<QueueRow> Items);

/// <summary>All that is known of one queue.</summary>
internal sealed record QueueDetail : QueueFacts
{
    /// <summary>Takes over what a row says; the rest is set beside it.</summary>
    [SetsRequiredMembers]
    internal QueueDetail(QueueFacts row)
        : base(row)
    {
    }

    public IReadOnlyList<QueueName> Names { get; init; } = [];

    public Series Chart { get; init; } = new(default, [], [], 0);

    public IReadOnlyList<QueueWorker> WorkersList { get; init; } = [];
}

/// <summary>What has happened to the jobs of one name on a queue.</summary>
internal sealed record QueueName(string Name, long Enqueued, long Succeeded, long Failed, long Retried, long Dead);

/// <summary>A worker that serves a queue.</summary>
internal sealed record QueueWorker(string Owner, string Host);

/// <summary>The body of a purge: the queue's name, typed.</summary>
internal sealed record PurgeBody
{
    public string? Name { get; init; }

    public string? Reason { get; init; }
}

/// <summary>Numbers over time.</summary>
internal sealed record Series(
    DateTimeOffset Since, IReadOnlyList<SeriesPoint> Points, IReadOnlyList<Deploy> Deploys, int Step);

/// <summary>What happened in one step of time, and how the queues stood at its end.</summary>
internal sealed record SeriesPoint
{
    public required DateTimeOffset At { get; init; }

    public required long Enqueued { get; init; }

    public required long Succeeded { get; init; }

    public required long Failed { get; init; }

    public required long Retried { get; init; }

    public double? Oldest { get; init; }

    public long? Waiting { get; init; }
}

/// <summary>When a version of the app appeared.</summary>
internal sealed record Deploy(DateTimeOffset At, string Version);
