namespace Lovage.PostgreSql.Life;

/// <summary>
/// The one part of a statement that counts: lines of <c>tally</c>, of which each transaction adds its own, so that it
/// waits for no other.
/// </summary>
internal static class Tally
{
    internal const string Rows = "count(*)";
    internal const string MinusRows = "-count(*)";

    /// <summary>Name 0: counts of a queue alone, whatever the names of its jobs.</summary>
    internal const string NoName = "0";

    /// <summary>Counts by queue and name.</summary>
    /// <param name="from">The jobs, with conditions, such as <c>picked WHERE again</c>.</param>
    /// <param name="counts">Columns of <c>tally</c> and what they grow by, as aggregates.</param>
    internal static string Of(string from, params (string Column, string Value)[] counts) => $"""
        INSERT INTO lovage.tally(queue, name, {string.Join(", ", counts.Select(static count => count.Column))})
          SELECT queue, name, {string.Join(", ", counts.Select(static count => count.Value))}
          FROM {from} GROUP BY queue, name
        """;

    /// <summary>Counts by queue alone, for what no counter shows by name.</summary>
    /// <inheritdoc cref="Of"/>
    internal static string OfQueue(string from, params (string Column, string Value)[] counts) => $"""
        INSERT INTO lovage.tally(queue, name, {string.Join(", ", counts.Select(static count => count.Column))})
          SELECT queue, {NoName}, {string.Join(", ", counts.Select(static count => count.Value))}
          FROM {from} GROUP BY queue
        """;

    internal static string Where(string condition) => $"count(*) FILTER (WHERE {condition})";

    internal static string MinusWhere(string condition) => $"-{Where(condition)}";
}
