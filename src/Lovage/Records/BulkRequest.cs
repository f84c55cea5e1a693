namespace Lovage;

/// <summary>What a person says of a bulk operation besides its action and its filter.</summary>
/// <remarks>Immutable.</remarks>
public sealed record BulkRequest
{
    /// <summary>
    /// The operation's id, 1 to 128 characters, by which the call can be repeated: a known id gives the operation that
    /// is stored under it. Null (the default) for a new one.
    /// </summary>
    public string? Id { get; init; }

    /// <summary>
    /// Where jobs are moved to; null (the default) for another action than <see cref="BulkAction.Move"/>.
    /// </summary>
    public JobMove? Target { get; init; }

    /// <summary>Who asks for it, at most 200 characters; empty by default.</summary>
    public string By { get; init; } = "";

    /// <summary>Why, at most 500 characters; null (the default) when nothing was said.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// Over how much time the changes are spread evenly, 0 to 7 days. Null (the default): 10 min for
    /// <see cref="BulkAction.RunAgain"/> with more than 1,000 jobs (<see cref="OperationOptions"/>), else zero.
    /// </summary>
    public TimeSpan? Spread { get; init; }

    /// <summary>
    /// How many jobs the person saw. When more than 10 % more or fewer match, the operation is refused
    /// (<see cref="BulkCountException"/>). Null (the default) for no such check.
    /// </summary>
    public BoundedCount? Expected { get; init; }
}
