using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Lovage.AspNetCore.Tests.Sites;

/// <summary>One line of a page of metrics.</summary>
internal sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>A page of metrics, read as strictly as Prometheus reads it.</summary>
internal sealed partial class PrometheusPage
{
    private readonly List<PrometheusSample> _samples = [];

    internal Dictionary<string, string> Types { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, string> Help { get; } = new(StringComparer.Ordinal);

    internal IEnumerable<PrometheusSample> Of(string name) => _samples.Where(sample => sample.Name == name);

    /// <summary>The sum of the samples that carry these labels; there is one at least.</summary>
    internal double Value(string name, params (string Name, string Value)[] labels)
    {
        var found = Of(name)
            .Where(sample => labels.All(label => sample.Labels.GetValueOrDefault(label.Name) == label.Value))
            .ToArray();
        Assert.NotEmpty(found);
        return found.Sum(static sample => sample.Value);
    }

    /// <summary>Reads it. A family's lines stand together after its type, and no series comes twice.</summary>
    internal static PrometheusPage Parse(string text)
    {
        var page = new PrometheusPage();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\0', text);
        var family = "";
        foreach (var line in text.Split('\n')[..^1])
        {
            if (Comment().Match(line) is { Success: true } comment)
            {
                var of = comment.Groups[1].Value == "TYPE" ? page.Types : page.Help;
                of.Add(comment.Groups[2].Value, comment.Groups[3].Value);
                family = comment.Groups[2].Value;
                continue;
            }

            var match = Sample().Match(line);
            Assert.True(match.Success, $"Not a line of metrics: {line}");
            Assert.True(seen.Add(line[..line.LastIndexOf(' ')]), $"Twice: {line}");
            var name = match.Groups["name"].Value;
            Assert.Equal(family, page.Types[family] == "histogram" ? HistogramEnd().Replace(name, "") : name);
            page._samples.Add(new PrometheusSample(name, LabelsOf(match), NumberOf(match.Groups["value"].Value)));
        }

        return page;
    }

    private static Dictionary<string, string> LabelsOf(Match match) => match.Groups["label"].Captures
        .Zip(match.Groups["text"].Captures)
        .ToDictionary(static pair => pair.First.Value, static pair => Unescape(pair.Second.Value));

    private static string Unescape(string value)
    {
        var text = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            text.Append(value[i] != '\\' ? value[i] : value[++i] == 'n' ? '\n' : value[i]);
        }

        return text.ToString();
    }

    private static double NumberOf(string value) => value switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex("^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$")]
    private static partial Regex Comment();

    [GeneratedRegex(
        @"^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
            + @"(\{((?<label>[a-zA-Z_][a-zA-Z0-9_]*)=""(?<text>([^""\\]|\\[\\""n])*)"",?)+\})?"
            + @" (?<value>\S+)$")]
    private static partial Regex Sample();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramEnd();
}
