using System.Globalization;
using System.Text.Json;
using Lovage;

namespace Quickstart.Jobs.Statistics;

/// <summary>
/// Rows turned into columns, in the order in which the columns first occur. A missing value takes no room: a sparse
/// table stays small.
/// </summary>
internal sealed class Table
{
    public const int ColumnsMax = 1_000;

    private readonly OrderedDictionary<string, List<Cell>> _columns = new(StringComparer.Ordinal);
    private readonly HashSet<string> _leftOut = new(StringComparer.Ordinal);

    public IReadOnlyCollection<KeyValuePair<string, List<Cell>>> Columns => _columns;

    public int Rows { get; private set; }

    /// <summary>How many columns are left out because there are too many.</summary>
    public int ColumnsLeftOut => _leftOut.Count;

    /// <summary>
    /// The first row names the columns. A short row misses its last fields; the extra fields of a long one get columns
    /// of their own.
    /// </summary>
    /// <exception cref="BadArgumentsException">A quote is never closed, or text follows one that closes.</exception>
    public static Table FromCsv(string text)
    {
        var table = new Table();
        var names = new List<string>();
        using var reader = Csv.Open(text);
        for (var isHeader = true; reader.Read(); isHeader = false)
        {
            for (var place = isHeader ? 0 : names.Count; place < reader.FieldCount; place++)
            {
                names.Add(table.AddColumn(isHeader ? reader.GetString(place).Trim() : "", place));
            }

            if (!isHeader)
            {
                for (var place = 0; place < reader.FieldCount; place++)
                {
                    table.Add(names[place], Cell.From(reader.GetString(place)));
                }

                table.Rows++;
            }
        }

        return table;
    }

    /// <summary>
    /// Objects give their fields, arrays their places (0, 1, ...), anything else one column called "value".
    /// </summary>
    public static Table FromJson(JsonElement array)
    {
        var table = new Table();
        var kind = KindOf(array);
        foreach (var row in array.EnumerateArray())
        {
            if (kind == JsonValueKind.Undefined)
            {
                table.Add("value", Cell.From(row));
            }
            else if (row.ValueKind == JsonValueKind.Object)
            {
                foreach (var field in row.EnumerateObject())
                {
                    table.Add(field.Name, Cell.From(field.Value));
                }
            }
            else if (row.ValueKind == JsonValueKind.Array)
            {
                foreach (var (place, value) in row.EnumerateArray().Index())
                {
                    table.Add(Text(place), Cell.From(value));
                }
            }

            table.Rows++;
        }

        return table;
    }

    /// <summary>Object or Array when all rows are that (or null), else Undefined.</summary>
    private static JsonValueKind KindOf(JsonElement array)
    {
        var kinds = array.EnumerateArray()
            .Select(row => row.ValueKind)
            .Where(kind => kind != JsonValueKind.Null)
            .Distinct()
            .Take(2)
            .ToList();
        return kinds is [JsonValueKind.Object or JsonValueKind.Array] ? kinds[0] : JsonValueKind.Undefined;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string AddColumn(string name, int place)
    {
        if (place >= ColumnsMax)
        {
            var leftOut = Text(place);
            _leftOut.Add(leftOut);
            return leftOut;
        }

        name = name.Length == 0 ? $"column_{Text(place + 1)}" : name;
        var free = name;
        for (var n = 2; !_columns.TryAdd(free, []); n++)
        {
            free = $"{name}_{Text(n)}";
        }

        return free;
    }

    private void Add(string name, Cell cell)
    {
        if (_leftOut.Contains(name))
        {
            return;
        }

        if (!_columns.TryGetValue(name, out var cells))
        {
            if (_columns.Count == ColumnsMax)
            {
                _leftOut.Add(name);
                return;
            }

            _columns.Add(name, cells = []);
        }

        if (cell.Kind != CellKind.Missing)
        {
            cells.Add(cell);
        }
    }
}
