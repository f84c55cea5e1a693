using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quickstart.Jobs.Statistics;

/// <summary>The statistics of a data set.</summary>
public sealed record DatasetSummary
{
    /// <summary><c>rows</c> for an array or a CSV, <c>object</c> for an object.</summary>
    public required string Kind { get; init; }

    /// <summary>How many rows there are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Rows { get; init; }

    /// <summary>The columns by name; the values of an array without rows are one column called "value".</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, ColumnSummary>? Columns { get; init; }

    /// <summary>Columns beyond the first thousand, which are not summarised.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ColumnsLeftOut { get; init; }

    /// <summary>The fields of an object by name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, FieldSummary>? Fields { get; init; }

    /// <summary>Fields beyond the first thousand, which are not summarised.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? FieldsLeftOut { get; init; }
}

/// <summary>One field of an object.</summary>
public sealed record FieldSummary
{
    /// <summary><c>number</c>, <c>string</c>, <c>boolean</c>, <c>null</c>, <c>array</c> or <c>object</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Characters of a string, elements of an array, fields of an object.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Length { get; init; }

    /// <summary>A number or a boolean as it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Value { get; init; }

    /// <summary>The statistics of an array's elements.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ColumnSummary? Elements { get; init; }
}
