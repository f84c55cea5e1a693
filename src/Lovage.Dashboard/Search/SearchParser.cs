using System.Globalization;

namespace Lovage.Dashboard.Search;

/// <summary>What a search asks.</summary>
/// <param name="Query">Which jobs.</param>
/// <param name="Id">The job of this id and no other; null for all that match.</param>
internal sealed record JobSearch(JobQuery Query, JobId? Id);

/// <summary>
/// Reads searches such as <c>queue:mail state:failed,dead tag:order:42 since:2h</c>. It is bounded: 500 characters, 20
/// terms.
/// </summary>
internal static class SearchParser
{
    private static readonly TimeSpan SpanMax = TimeSpan.FromDays(3_660);

    /// <summary>Reads a search.</summary>
    /// <param name="text">The search; null or empty for all jobs.</param>
    /// <param name="now">From when durations count back.</param>
    /// <param name="answered">The qualifiers that the storage answers.</param>
    /// <exception cref="SearchException">The search cannot be understood, or the storage does not answer
    /// it.</exception>
    internal static JobSearch Parse(string? text, DateTimeOffset now, JobQualifiers answered)
    {
        var words = Qualifiers.Of(answered);
        try
        {
            var search = new JobSearch(new JobQuery(), null);
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var term in SearchTerms.Of(text ?? ""))
            {
                search = Apply(search, term, now, words, seen);
            }

            return search;
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException)
        {
            throw new SearchException(fault.Message, words);
        }
    }

    private static JobSearch Apply(
        JobSearch search, SearchTerm term, DateTimeOffset now, IReadOnlyList<string> words, HashSet<string> seen)
    {
        var key = term.Key ?? "id";
        if (!words.Contains(key))
        {
            throw new FormatException(
                $"'{Shown(key)}' is no qualifier of this storage. There are: {string.Join(", ", words)}.");
        }

        if (term.Value.Length == 0)
        {
            throw new FormatException($"'{key}:' has no value.");
        }

        if (!seen.Add(key) && key != "state")
        {
            throw new FormatException(
                term.Key is null
                    ? $"'{Shown(term.Value)}' has no qualifier. Write qualifier:value, such as "
                        + $"name:{Shown(term.Value)}."
                    : $"'{key}:' stands there twice.");
        }

        var (query, value) = (search.Query, term.Value);
        return key switch
        {
            "id" => search with { Id = Id(value) },
            "state" => search with { Query = query with { States = [.. query.States.Union(States(value))] } },
            "queue" => search with { Query = query with { Queue = value } },
            "name" => search with { Query = query with { Name = value } },
            "worker" => search with { Query = query with { Worker = value } },
            "since" => search with { Query = query with { Since = Instant(key, value, now) } },
            "until" => search with { Query = query with { Until = Instant(key, value, now) } },
            "root" => search with { Query = query with { RootId = Id(value).Value } },
            "schedule" => search with { Query = query with { ScheduleId = value } },
            "fingerprint" => search with { Query = query with { Fingerprint = value } },
            "tag" => search with { Query = query with { Tag = value } },
            _ => search with { Query = query with { ArgumentText = value } },
        };
    }

    private static JobId Id(string value) => JobId.TryParse(value, out var id)
        ? id
        : throw new FormatException(
            $"'{Shown(value)}' is no job id. Write qualifier:value to search, such as name:mail.send.");

    private static IEnumerable<JobState> States(string value) => value.Split(',').Select(static word =>
        StateWords.Find(word) ?? throw new FormatException(
            $"'{Shown(word)}' is no state. There are: {string.Join(", ", StateWords.Words)}."));

    /// <summary>A duration back from now, such as 30m, 2h or 7d, or an instant as ISO 8601 writes it.</summary>
    private static DateTimeOffset Instant(string key, string value, DateTimeOffset now)
    {
        if (value.Length <= 8
            && long.TryParse(value.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && Unit(value[^1]) is { } unit
            && count <= SpanMax / unit)
        {
            return now - (unit * count);
        }

        return DateTimeOffset.TryParse(
            value,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var instant)
                ? instant
                : throw new FormatException(
                    $"'{key}:{Shown(value)}' is no time. Write a duration (30m, 2h, 7d) or an instant "
                        + "(2026-11-30T10:00Z).");
    }

    private static TimeSpan? Unit(char letter) => letter switch
    {
        's' => TimeSpan.FromSeconds(1),
        'm' => TimeSpan.FromMinutes(1),
        'h' => TimeSpan.FromHours(1),
        'd' => TimeSpan.FromDays(1),
        'w' => TimeSpan.FromDays(7),
        _ => null,
    };

    private static string Shown(string text) => JobNames.Shown(text, 60);
}
