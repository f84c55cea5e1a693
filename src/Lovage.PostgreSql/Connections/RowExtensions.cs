using Npgsql;

namespace Lovage.PostgreSql.Connections;

/// <summary>Reads columns that may be null.</summary>
internal static class RowExtensions
{
    extension(NpgsqlDataReader row)
    {
        internal long? Int64OrNull(int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

        internal int? Int32OrNull(int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

        internal double? DoubleOrNull(int column) => row.IsDBNull(column) ? null : row.GetDouble(column);

        internal string? TextOrNull(int column) => row.IsDBNull(column) ? null : row.GetString(column);

        /// <summary>Empty for null.</summary>
        internal byte[] Bytes(int column) => row.IsDBNull(column) ? [] : row.GetFieldValue<byte[]>(column);
    }
}
