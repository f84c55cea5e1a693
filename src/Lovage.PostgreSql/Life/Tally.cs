using Lovage.PostgreSql.Schema;

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

    /// <summary>Counts by queue and name, and by the block in which the jobs' keys stand.</summary>
    /// <param name="from">
    /// The jobs, by <c>job</c>, with conditions, such as <c>picked WHERE again</c>; the statement has the time as
    /// <c>clock</c>.
    /// </param>
    /// <param name="counts">Columns of <c>tally</c> and what they grow by, as aggregates.</param>
    internal static string Of(string from, params (string Column, string Value)[] counts) =>
        Of(from, "job", worker: null, counts);

    /// <summary>Counts jobs that are being stored.</summary>
    /// <param name="from">The jobs, by <c>key</c>.</param>
    /// <param name="counts">Columns of <c>tally</c> and what they grow by, as aggregates.</param>
    internal static string OfNew(string from, params (string Column, string Value)[] counts) =>
        Of(from, "key", worker: null, counts);

    /// <summary>Counts jobs of which workers ran attempts.</summary>
    /// <param name="from">The jobs, by <c>job</c>.</param>
    /// <param name="worker">The worker's number, as an expression.</param>
    /// <param name="counts">Columns of <c>tally</c> and what they grow by, as aggregates.</param>
    internal static string OfAttempts(string from, string worker, params (string Column, string Value)[] counts) =>
        Of(from, "job", worker, counts);

    /// <summary>Counts by queue alone, for what no counter shows by name.</summary>
    /// <param name="from">The jobs, with conditions.</param>
    /// <param name="counts">Columns of <c>tally</c> and what they grow by, as aggregates.</param>
    internal static string OfQueue(string from, params (string Column, string Value)[] counts) => $"""
        INSERT INTO lovage.tally(queue, name, {Columns(counts)})
          SELECT queue, {NoName}, {Values(counts)}
          FROM {from} GROUP BY queue
        """;

    /// <summary>Counts jobs that are removed, so that the sweep looks which blocks have become empty.</summary>
    /// <param name="from">The jobs, by <c>key</c>.</param>
    internal static string OfRemoved(string from) => $"""
        INSERT INTO lovage.tally(queue, name, block, kept)
          SELECT queue, {NoName}, {Blocks.Of("key")}, {MinusRows} FROM {from} GROUP BY queue, {Blocks.Of("key")}
        """;

    internal static string Where(string condition) => $"count(*) FILTER (WHERE {condition})";

    internal static string MinusWhere(string condition) => $"-{Where(condition)}";

    private static string Of(string from, string key, string? worker, (string Column, string Value)[] counts)
    {
        var (column, value) = worker is null ? ("", "") : (", worker", $", {worker}");
        return $"""
            INSERT INTO lovage.tally(queue, name, hour, block{column}, {Columns(counts)})
              SELECT queue, name, (SELECT {Hours.Of("now")} FROM clock), {Blocks.Of(key)}{value}, {Values(counts)}
              FROM {from} GROUP BY queue, name, {Blocks.Of(key)}{value}
            """;
    }

    private static string Columns((string Column, string Value)[] counts) =>
        string.Join(", ", counts.Select(static count => count.Column));

    private static string Values((string Column, string Value)[] counts) =>
        string.Join(", ", counts.Select(static count => count.Value));
}
