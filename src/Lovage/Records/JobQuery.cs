namespace Lovage;

/// <summary>Which jobs, newest first.</summary>
public sealed record JobQuery
{
    private readonly string? _tag;

    /// <summary>Only jobs in one of these states; empty (the default) for all.</summary>
    public IReadOnlyList<JobState> States { get; init; } = [];

    /// <summary>Only jobs of this name; null (the default) for all.</summary>
    public string? Name { get; init; }

    /// <summary>Only jobs of this queue; null (the default) for all.</summary>
    public string? Queue { get; init; }

    /// <summary>
    /// Only jobs with this tag, to the letter; null (the default) for all. The storage finds them by an index.
    /// </summary>
    /// <exception cref="ArgumentException">Set to a text that is no tag.</exception>
    public string? Tag
    {
        get => _tag;
        init => _tag = value is null ? null : JobNames.Tag(value);
    }

    /// <summary>Jobs a page, 1 to 1,000; 50 by default.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>
    /// Where the last page ended: its <see cref="JobPage.Next"/>. Null (the default) for the first page.
    /// </summary>
    public string? After { get; init; }
}

/// <summary>One page of jobs.</summary>
/// <param name="Jobs">Newest first.</param>
/// <param name="Next">Where the next page begins; null when this is the last.</param>
public sealed record JobPage(IReadOnlyList<JobRecord> Jobs, string? Next);

/// <summary>A count that stops at a bound.</summary>
/// <param name="Value">The count, or the bound.</param>
/// <param name="IsExact">False when the bound was reached.</param>
public readonly record struct BoundedCount(long Value, bool IsExact);
