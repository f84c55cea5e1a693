namespace Lovage.Storage.Columns;

/// <summary>Reads the columns of the row that a query stands on, for the mappers that SQL storages share.</summary>
/// <remarks>
/// Belongs to one query at a time. A storage derives one class, so that each mapper is written once and each database
/// keeps its own types. Columns count from 0.
/// </remarks>
public abstract class RowReader
{
    /// <summary>True when the column is NULL.</summary>
    /// <param name="column">The column.</param>
    public abstract bool IsNull(int column);

    /// <summary>A whole number; 0 for NULL.</summary>
    /// <param name="column">The column.</param>
    public abstract long Int64(int column);

    /// <summary>A fraction; 0 for NULL.</summary>
    /// <param name="column">The column.</param>
    public abstract double Double(int column);

    /// <summary>A truth value, however the database keeps it; false for NULL.</summary>
    /// <param name="column">The column.</param>
    public abstract bool Bool(int column);

    /// <summary>Text; empty for NULL.</summary>
    /// <param name="column">The column.</param>
    public abstract string Text(int column);

    /// <summary>The text of a column that a storage may keep as the number of a word; null for NULL.</summary>
    /// <param name="column">The column.</param>
    public abstract string? Word(int column);

    /// <summary>Bytes that are valid until the query moves on; empty for NULL.</summary>
    /// <param name="column">The column.</param>
    public abstract ReadOnlySpan<byte> Bytes(int column);

    /// <summary>Bytes to keep; empty for NULL.</summary>
    /// <param name="column">The column.</param>
    public virtual ReadOnlyMemory<byte> Memory(int column) => Bytes(column).ToArray();

    /// <summary>A whole number of 32 bits; 0 for NULL.</summary>
    /// <param name="column">The column.</param>
    public int Int32(int column) => (int)Int64(column);

    /// <summary>A whole number; null for NULL.</summary>
    /// <param name="column">The column.</param>
    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    /// <summary>A whole number of 32 bits; null for NULL.</summary>
    /// <param name="column">The column.</param>
    public int? Int32OrNull(int column) => IsNull(column) ? null : Int32(column);

    /// <summary>A fraction; null for NULL.</summary>
    /// <param name="column">The column.</param>
    public double? DoubleOrNull(int column) => IsNull(column) ? null : Double(column);

    /// <summary>Text; null for NULL.</summary>
    /// <param name="column">The column.</param>
    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    /// <summary>A time that is kept as <see cref="StorageTime"/> has it; null for NULL.</summary>
    /// <param name="column">The column.</param>
    public DateTimeOffset? TimeOrNull(int column) => StorageTime.To(Int64OrNull(column));
}
