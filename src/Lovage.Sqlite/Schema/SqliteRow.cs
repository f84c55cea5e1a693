using Lovage.Sqlite.Native;
using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Schema;

/// <summary>
/// The row that a statement stands on, for the mappers of the core. One serves all statements of a connection, one
/// after the other.
/// </summary>
internal sealed class SqliteRow(WordLookup words) : RowReader
{
    private SqliteStatement _statement = null!;

    /// <summary>This reader on the current row of a statement.</summary>
    internal SqliteRow Of(SqliteStatement statement)
    {
        _statement = statement;
        return this;
    }

    public override bool IsNull(int column) => _statement.IsNull(column);

    public override long Int64(int column) => _statement.Int64(column);

    public override double Double(int column) => _statement.Double(column);

    public override bool Bool(int column) => _statement.Int64(column) != 0;

    public override string Text(int column) => _statement.Text(column);

    public override string? Word(int column)
    {
        // Numbers of words begin at 1, and NULL reads as 0.
        var id = _statement.Int64(column);
        return id == 0 ? null : words.Text(id);
    }

    public override ReadOnlySpan<byte> Bytes(int column) => _statement.Bytes(column);
}
