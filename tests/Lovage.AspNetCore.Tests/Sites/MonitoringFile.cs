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

    /// <summary>Labels that Prometheus and its histograms add.</summary>
    private static readonly string[] OtherLabels = ["instance", "job", "le"];

    internal static string Folder => Path.Combine(AppContext.BaseDirectory, "monitoring");

    internal static string Read(string name) => File.ReadAllText(Path.Combine(Folder, name));

    /// <summary>Its queries; of a test of alerts, its series.</summary>
    internal static IReadOnlyList<string> Queries(string name)
    {
        var text = Read(name);
        string[] queries = name.EndsWith(".json", StringComparison.Ordinal)
            ? [.. Queries(JsonElement.Parse(text))]
            : [.. (name.Contains("test", StringComparison.Ordinal) ? Series() : Expression()).Matches(text)
                .Select(static match => match.Groups[1].Value)];
        Assert.NotEmpty(queries);
        return queries;
    }

    /// <summary>The names of Lovage's metrics in a query.</summary>
    internal static IReadOnlyCollection<string> Metrics(string query) =>
        [.. Metric().Matches(Text().Replace(query, "")).Select(static match => match.Value)
            .Where(static word => !Labels.Contains(word)).Distinct()];

    /// <summary>The labels that a query groups or selects by, but those that Prometheus adds.</summary>
    internal static IReadOnlyCollection<string> LabelsOf(string query)
    {
        var text = Text().Replace(query, "");
        return
        [
            .. Grouping().Matches(text).SelectMany(static match => match.Groups[1].Value.Split(", "))
                .Concat(Matcher().Matches(text).Select(static match => match.Groups[1].Value))
                .Distinct()
                .Except(OtherLabels),
        ];
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

    [GeneratedRegex("^ +- series: '(.+)'$", RegexOptions.Multiline)]
    private static partial Regex Series();

    [GeneratedRegex(@"\bby \(([^)]+)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"[{,](\w+)(?:=~|!~|!=|=)")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\b(lovage|messaging)_\w+")]
    private static partial Regex Metric();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Text();
}
