namespace Lovage;

/// <summary>What a person, or a program in the name of one, did to jobs, queues, workers or schedules.</summary>
/// <remarks>Immutable. It is written before its effect, so that no effect is without a record.</remarks>
public sealed record AuditRecord
{
    /// <summary>Its number in the storage, growing with each record; 0 before the storage has taken it.</summary>
    public long Number { get; init; }

    /// <summary>When, by the storage's clock; the default value before the storage has taken it.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Who, at most 200 characters; empty when it is not known.</summary>
    public string By { get; init; } = "";

    /// <summary>What was done: a word such as <c>pause</c>, <c>run_again</c>, <c>purge</c>; at most 50
    /// characters.</summary>
    public required string Action { get; init; }

    /// <summary>
    /// To what: <c>job:0198...</c>, <c>queue:mail</c>, <c>schedule:daily</c>; at most 300 characters.
    /// </summary>
    public required string Target { get; init; }

    /// <summary>What held before, for a person; null when it does not apply. At most 4,000 characters.</summary>
    public string? Before { get; init; }

    /// <summary>What holds afterwards, for a person; null when it does not apply. At most 4,000 characters.</summary>
    public string? After { get; init; }

    /// <summary>Why, in the person's words; null when nothing was said. At most 500 characters.</summary>
    public string? Reason { get; init; }

    /// <summary>By which way: <c>console</c>, <c>api</c>, <c>operation</c>, <c>code</c>.</summary>
    public string Source { get; init; } = "code";

    /// <summary>From which network address; null when it is not known.</summary>
    public string? Address { get; init; }
}

/// <summary>Which audit records, newest first.</summary>
public sealed record AuditQuery
{
    /// <summary>Only records of this person; null (the default) for all.</summary>
    public string? By { get; init; }

    /// <summary>Only records of this action; null (the default) for all.</summary>
    public string? Action { get; init; }

    /// <summary>Only records of this target; null (the default) for all.</summary>
    public string? Target { get; init; }

    /// <summary>Only records with a lower number: the last one of the page before. Null for the first page.</summary>
    public long? Before { get; init; }

    /// <summary>Records a page, 1 to 1,000; 50 by default.</summary>
    public int Limit { get; init; } = 50;
}
