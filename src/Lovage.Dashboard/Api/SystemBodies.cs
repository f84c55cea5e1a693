using System.Text.Json;

namespace Lovage.Dashboard.Api;

/// <summary>Who asks, what they may do, and what this console can.</summary>
internal sealed record SessionBody
{
    public string? User { get; init; }

    public required IReadOnlyList<string> Permissions { get; init; }

    public required bool ReadOnly { get; init; }

    public required string Environment { get; init; }

    public required string App { get; init; }

    public required string Version { get; init; }

    public StorageBody? Storage { get; init; }

    public required Features Features { get; init; }

    public string? LogUrl { get; init; }

    public string? TraceUrl { get; init; }

    public required DateTimeOffset Now { get; init; }

    public required string Stream { get; init; }
}

/// <summary>What the storage can.</summary>
internal sealed record Features
{
    public required bool History { get; init; }

    public required bool Workers { get; init; }

    public required bool Schedules { get; init; }

    public required bool Control { get; init; }

    public required bool Audit { get; init; }

    public required bool Operations { get; init; }

    public required IReadOnlyList<string> Qualifiers { get; init; }
}

/// <summary>The jobs that can be enqueued.</summary>
internal sealed record CatalogBody(IReadOnlyList<CatalogRow> Items);

/// <summary>A job that can be enqueued.</summary>
internal sealed record CatalogRow(
    string Name, string? Queue, JsonElement? Schema, IReadOnlyList<string> Sensitive, int Workers);

/// <summary>The tasks of this process.</summary>
internal sealed record LocalBody
{
    public required IReadOnlyList<LocalRunning> Running { get; init; }

    public required IReadOnlyList<LocalEnded> Recent { get; init; }

    public required int Waiting { get; init; }

    public required int Capacity { get; init; }

    public required long Refused { get; init; }

    public required long Succeeded { get; init; }

    public required long Failed { get; init; }
}

/// <summary>A task of this process that has not ended.</summary>
internal sealed record LocalRunning(string Id, string Name, string Kind, DateTimeOffset StartedAt, double Seconds);

/// <summary>A task of this process that has ended.</summary>
internal sealed record LocalEnded(
    string Name, string Kind, DateTimeOffset StartedAt, double Seconds, string Outcome, string? Error);

/// <summary>A page of what people did.</summary>
internal sealed record AuditBody(IReadOnlyList<AuditRow> Items, string? Next);

/// <summary>What a person did.</summary>
internal sealed record AuditRow
{
    public required long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Who { get; init; }

    public required string Action { get; init; }

    public required string Target { get; init; }

    public string? Before { get; init; }

    public string? After { get; init; }

    public string? Reason { get; init; }

    public required string Source { get; init; }

    public string? Address { get; init; }
}

/// <summary>Storage, limits, jobs and health.</summary>
internal sealed record SystemBody
{
    public required StorageBody Storage { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    public required IReadOnlyList<LimitRow> Limits { get; init; }

    public required IReadOnlyList<RegisteredJob> Jobs { get; init; }

    public required IReadOnlyList<HealthRow> Health { get; init; }

    public required RuntimeBody Runtime { get; init; }

    public required Features Features { get; init; }
}

/// <summary>A limit that holds.</summary>
internal sealed record LimitRow(string Key, string Value, string Default, string Unit, string Text);

/// <summary>A job that this process knows.</summary>
internal sealed record RegisteredJob(string Name, string Handler, string? Queue, int? MaxAttempts, string? Retry);

/// <summary>One health check.</summary>
internal sealed record HealthRow(string Name, string Status, string? Description);

/// <summary>What this process runs on.</summary>
internal sealed record RuntimeBody(string Dotnet, string Os, int Cpus, double MemoryMb);
