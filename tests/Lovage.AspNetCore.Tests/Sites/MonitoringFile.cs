using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Lovage.AspNetCore.Tests.Sites;

/// <summary>The files for Grafana and Prometheus that come with the package.</summary>
internal static partial class MonitoringFile
{
    private static readonly string[] Labels =
    [
        "lovage_job_name",
        "lovage_job_outcome",
        "lovage_schedule_id",
        "lovage_task_kind",
        "messaging_destination_name",
        "messaging_operation_name",
    ];

    internal static string Read(string name) =>
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "monitoring", name));

    /// <summary>The names of Lovage's metrics in its queries.</summary>
    internal static IReadOnlyCollection<string> Metrics(string name)
    {
        var text = Read(name);
        var queries = name.EndsWith(".json", StringComparison.Ordinal)
            ? Queries(JsonElement.Parse(text))
            : Expression().Matches(text).Select(static match => match.Groups[1].Value);
        var used = queries.SelectMany(static query => Metric().Matches(Text().Replace(query, "")))
            .Select(static match => match.Value)
            .Where(static word => !Labels.Contains(word))
            .ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(used);
        return used;
    }

    private static IEnumerable<string> Queries(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(static property =>
            property.Name is "expr" or "query" && property.Value.ValueKind == JsonValueKind.String
                ? [property.Value.GetString()!]
                : Queries(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Queries),
        _ => [],
    };

    // One line, or the lines of a block that are indented further.
    [GeneratedRegex(@"^ +expr: (?:\|-\n)?((?:.+\n)(?: {10,}.+\n)*)", RegexOptions.Multiline)]
    private static partial Regex Expression();

    [GeneratedRegex(@"\b(lovage|messaging)_\w+")]
    private static partial Regex Metric();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Text();
}
