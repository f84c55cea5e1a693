using System.Text.Json.Serialization;

namespace Quickstart.Jobs.Statistics;

/// <summary>What is known of one column. The parts that do not apply to its type are null.</summary>
public sealed record ColumnSummary
{
    private const int TopMax = 5;
    private const int ShownLengthMax = 80;

    /// <summary>
    /// <c>number</c>, <c>text</c>, <c>boolean</c>, <c>nested</c> (arrays and objects), <c>mixed</c> or <c>empty</c>.
    /// </summary>
    public required string Type { get; init; }

    /// <summary>How many rows have a value.</summary>
    public required int Count { get; init; }

    /// <summary>Rows without a value: null, no such field, or an empty, NA, NaN or null field of a CSV.</summary>
    public required int Missing { get; init; }

    public required int Distinct { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Min { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Max { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Mean { get; init; }

    /// <summary>The sample's (n - 1).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? StandardDeviation { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Quantiles? Quantiles { get; init; }

    /// <summary>Characters of the shortest text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Shortest { get; init; }

    /// <summary>Characters of the longest text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Longest { get; init; }

    /// <summary>The most frequent values that are no numbers, at most five.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TopValue>? Top { get; init; }

    /// <summary>How many values there are of each type, where the column is mixed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, int>? Types { get; init; }

    internal static ColumnSummary Of(List<Cell> present, int rows)
    {
        var types = present.CountBy(cell => Word(cell.Kind)).OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        double[] numbers = [.. present.Where(cell => cell.Kind == CellKind.Number).Select(cell => cell.Number)];
        var texts = present.Where(cell => cell.Kind == CellKind.Text).ToList();
        var words = present.Where(cell => cell.Kind != CellKind.Number).ToList();
        var number = numbers.Length == 0 ? null : NumberSummary.Of(numbers);
        return new ColumnSummary
        {
            Type = types.Count switch { 0 => "empty", 1 => types[0].Key, _ => "mixed" },
            Count = present.Count,
            Missing = rows - present.Count,
            Distinct = present.Select(cell => cell.Key).Distinct().Count(),
            Min = number?.Min,
            Max = number?.Max,
            Mean = number?.Mean,
            StandardDeviation = number?.StandardDeviation,
            Quantiles = number?.Quantiles,
            Shortest = texts.Count == 0 ? null : texts.Min(cell => cell.Text.Length),
            Longest = texts.Count == 0 ? null : texts.Max(cell => cell.Text.Length),
            Top = words.Count == 0 ? null : TopOf(words),
            Types = types.Count > 1 ? new Dictionary<string, int>(types) : null,
        };
    }

    private static List<TopValue> TopOf(List<Cell> words) =>
    [
        .. words.CountBy(cell => cell.Text)
            .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal)
            .Take(TopMax)
            .Select(pair => new TopValue(Shown(pair.Key), pair.Value)),
    ];

    private static string Shown(string text)
    {
        if (text.Length <= ShownLengthMax)
        {
            return text;
        }

        // Not within a character that takes two code units.
        var length = char.IsHighSurrogate(text[ShownLengthMax - 1]) ? ShownLengthMax - 1 : ShownLengthMax;
        return $"{text.AsSpan(0, length)}...";
    }

    private static string Word(CellKind kind) => kind switch
    {
        CellKind.Number => "number",
        CellKind.Boolean => "boolean",
        CellKind.Text => "text",
        _ => "nested",
    };
}

/// <summary>A value and how often it occurs; a long one is cut at 80 characters.</summary>
public sealed record TopValue(string Value, int Count);
