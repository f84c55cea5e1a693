using System.Text.Json;
using Lovage;

namespace Quickstart.Jobs.Statistics;

/// <summary>Computes a summary column by column, reports progress, and stops when its token is cancelled.</summary>
internal sealed class Summarizer(JobProgress progress, CancellationToken cancellationToken)
{
    public DatasetSummary Summarize(JsonElement data) => data.ValueKind switch
    {
        JsonValueKind.Array => SummarizeTable(Table.FromJson(data)),
        JsonValueKind.String => SummarizeTable(Table.FromCsv(data.GetString()!)),
        JsonValueKind.Object => SummarizeObject(data),
        _ => throw new BadArgumentsException(
            "process_data",
            "data",
            $"'data' is a JSON array, an object, or CSV as a string; this is {data.ValueKind}."),
    };

    private DatasetSummary SummarizeTable(Table table)
    {
        var columns = new OrderedDictionary<string, ColumnSummary>();
        foreach (var (name, cells) in table.Columns)
        {
            Step(columns.Count, table.Columns.Count, name);
            columns.Add(name, ColumnSummary.Of(cells, table.Rows));
        }

        return new DatasetSummary
        {
            Kind = "rows",
            Rows = table.Rows,
            Columns = columns,
            ColumnsLeftOut = table.ColumnsLeftOut == 0 ? null : table.ColumnsLeftOut,
        };
    }

    private DatasetSummary SummarizeObject(JsonElement data)
    {
        var fields = new OrderedDictionary<string, FieldSummary>();
        var count = data.GetPropertyCount();
        foreach (var field in data.EnumerateObject().Take(Table.ColumnsMax))
        {
            Step(fields.Count, count, field.Name);
            fields.Add(field.Name, SummarizeField(field.Value));
        }

        return new DatasetSummary
        {
            Kind = "object",
            Fields = fields,
            FieldsLeftOut = count > fields.Count ? count - fields.Count : null,
        };
    }

    private static FieldSummary SummarizeField(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => new FieldSummary { Type = "number", Value = value.Clone() },
        JsonValueKind.True or JsonValueKind.False => new FieldSummary { Type = "boolean", Value = value.Clone() },
        JsonValueKind.String => new FieldSummary { Type = "string", Length = value.GetString()!.Length },
        JsonValueKind.Object => new FieldSummary { Type = "object", Length = value.GetPropertyCount() },
        JsonValueKind.Array =>
            new FieldSummary { Type = "array", Length = value.GetArrayLength(), Elements = SummarizeElements(value) },
        _ => new FieldSummary { Type = "null" },
    };

    private static ColumnSummary SummarizeElements(JsonElement array) =>
        ColumnSummary.Of(
            [.. array.EnumerateArray().Select(Cell.From).Where(cell => cell.Kind != CellKind.Missing)],
            array.GetArrayLength());

    private void Step(int done, int total, string name)
    {
        cancellationToken.ThrowIfCancellationRequested();
        progress.Report((double)done / total, $"column {name}");
    }
}
