using System.Globalization;

namespace Lovage.Dashboard.Search;

/// <summary>Writes a query as the search that a person would type.</summary>
internal static class SearchText
{
    internal static string Of(JobQuery query)
    {
        var terms = new List<string>();
        if (query.States.Count > 0)
        {
            terms.Add($"state:{string.Join(',', query.States.Select(StateWords.Of))}");
        }

        Add("queue", query.Queue);
        Add("name", query.Name);
        Add("worker", query.Worker);
        Add("root", query.RootId);
        Add("schedule", query.ScheduleId);
        Add("fingerprint", query.Fingerprint);
        Add("tag", query.Tag);
        Add("args", query.ArgumentText);
        Add("since", Written(query.Since));
        Add("until", Written(query.Until));
        return string.Join(' ', terms);

        void Add(string key, string? value)
        {
            if (value is not null)
            {
                terms.Add($"{key}:{Quoted(value)}");
            }
        }
    }

    private static string? Written(DateTimeOffset? instant) =>
        instant?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Quoted(string value) =>
        value.Any(static character => char.IsWhiteSpace(character) || character is '"' or '\\')
            ? "\"" + value.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal) + "\""
            : value;
}
