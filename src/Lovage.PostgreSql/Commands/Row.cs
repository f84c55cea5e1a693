using Lovage.Storage.Columns;
using Npgsql;

namespace Lovage.PostgreSql.Commands;

/// <summary>The row that a reader stands on, for the mappers that SQL storages share.</summary>
/// <param name="reader">The reader.</param>
/// <param name="textOf">The text of a word's number; null when words come as texts.</param>
internal sealed class Row(NpgsqlDataReader reader, Func<int, string>? textOf = null) : RowReader
{
    private readonly Type[] _types =
        [.. Enumerable.Range(0, reader.FieldCount).Select(column => reader.GetFieldType(column))];

    public override bool IsNull(int column) => reader.IsDBNull(column);

    /// <remarks>Npgsql widens no number by itself.</remarks>
    public override long Int64(int column) => reader.IsDBNull(column) ? 0
        : _types[column] == typeof(long) ? reader.GetInt64(column)
        : _types[column] == typeof(int) ? reader.GetInt32(column)
        : reader.GetInt16(column);

    public override double Double(int column) => reader.IsDBNull(column) ? 0 : reader.GetDouble(column);

    public override bool Bool(int column) => !reader.IsDBNull(column) && reader.GetBoolean(column);

    public override string Text(int column) => reader.IsDBNull(column) ? "" : reader.GetString(column);

    public override string? Word(int column) =>
        reader.IsDBNull(column) ? null : textOf is null ? reader.GetString(column) : textOf(reader.GetInt32(column));

    public override ReadOnlySpan<byte> Bytes(int column) => Array(column);

    public override ReadOnlyMemory<byte> Memory(int column) => Array(column);

    private byte[] Array(int column) => reader.IsDBNull(column) ? [] : reader.GetFieldValue<byte[]>(column);
}
