using Npgsql;

namespace Lovage.PostgreSql.Commands;

/// <summary>Reads columns that may be null.</summary>
internal static class RowExtensions
{
    extension(NpgsqlDataReader row)
    {
        internal long? Int64OrNull(int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

        internal short? Int16OrNull(int column) => row.IsDBNull(column) ? null : row.GetInt16(column);

        internal int? Int32OrNull(int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

        internal double? DoubleOrNull(int column) => row.IsDBNull(column) ? null : row.GetDouble(column);

        internal string? TextOrNull(int column) => row.IsDBNull(column) ? null : row.GetString(column);

        /// <summary>A job's id.</summary>
        internal JobId Id(int column) => JobId.TryParse(row.GetString(column), out var id) ? id : default;

    }
}
