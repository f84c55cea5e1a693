using System.Globalization;
using System.Text.Json;

namespace Quickstart.Jobs.Statistics;

internal enum CellKind
{
    Missing,
    Number,
    Boolean,
    Text,
    Nested,
}

/// <summary>One value of a column, from JSON or from CSV.</summary>
internal readonly record struct Cell(CellKind Kind, double Number, string Text)
{
    // From here on two different integers can be the same double, so their digits tell them apart.
    private const double ExactIntegerMax = 9_007_199_254_740_992;

    private static readonly string[] MissingWords = ["", "na", "n/a", "nan", "null"];

    /// <summary>What makes two values the same one when distinct values are counted.</summary>
    public Cell Key => Kind == CellKind.Number && Math.Abs(Number) < ExactIntegerMax ? this with { Text = "" } : this;

    public static Cell Missing => new(CellKind.Missing, 0, "");

    public static Cell From(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => Missing,
        JsonValueKind.Number => FromNumber(json.GetRawText()),
        JsonValueKind.True => new Cell(CellKind.Boolean, 1, "true"),
        JsonValueKind.False => new Cell(CellKind.Boolean, 0, "false"),
        JsonValueKind.String => new Cell(CellKind.Text, 0, json.GetString()!),
        _ => new Cell(CellKind.Nested, 0, json.GetRawText()),
    };

    /// <summary>
    /// A CSV field has no type of its own: what reads as a finite number is one, an empty field or a usual word for "no
    /// value" is missing.
    /// </summary>
    public static Cell From(string field)
    {
        var trimmed = field.Trim();
        if (MissingWords.Contains(trimmed, StringComparer.OrdinalIgnoreCase))
        {
            return Missing;
        }

        return bool.TryParse(trimmed, out var flag)
            ? new Cell(CellKind.Boolean, flag ? 1 : 0, flag ? "true" : "false")
            : FromNumber(trimmed) is { Kind: CellKind.Number } number ? number : new Cell(CellKind.Text, 0, field);
    }

    // 1e999 is a number in JSON that no double can hold: it stays text.
    private static Cell FromNumber(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number)
            ? new Cell(CellKind.Number, number == 0 ? 0 : number, text)
            : new Cell(CellKind.Text, 0, text);
}
