using Npgsql;
using NpgsqlTypes;

namespace Lovage.PostgreSql.Commands;

/// <summary>A statement with its parameters, by position: each call adds the next one.</summary>
internal sealed class Statement(string sql)
{
    internal NpgsqlBatchCommand Command { get; } = new(sql);

    internal Statement Add(long value) => With(value, NpgsqlDbType.Bigint);

    internal Statement Add(long? value) => value is { } number ? Add(number) : Null(NpgsqlDbType.Bigint);

    internal Statement Add(int value) => With(value, NpgsqlDbType.Integer);

    internal Statement Add(int? value) => value is { } number ? Add(number) : Null(NpgsqlDbType.Integer);

    internal Statement Add(short value) => With(value, NpgsqlDbType.Smallint);

    internal Statement Add(bool value) => With(value, NpgsqlDbType.Boolean);

    internal Statement Add(byte[] value) => With(value, NpgsqlDbType.Bytea);

    internal Statement Add(string? value) =>
        value is null ? Null(NpgsqlDbType.Text) : With(Storable(value), NpgsqlDbType.Text);

    internal Statement Add(long[]? values) => values is null
        ? Null(NpgsqlDbType.Array | NpgsqlDbType.Bigint)
        : With(values, NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    internal Statement Add(long?[] values) => With(values, NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    internal Statement Add(int[] values) => With(values, NpgsqlDbType.Array | NpgsqlDbType.Integer);

    internal Statement Add(int?[] values) => With(values, NpgsqlDbType.Array | NpgsqlDbType.Integer);

    internal Statement Add(short[] values) => With(values, NpgsqlDbType.Array | NpgsqlDbType.Smallint);

    internal Statement Add(bool[] values) => With(values, NpgsqlDbType.Array | NpgsqlDbType.Boolean);

    internal Statement Add(double?[] values) => With(values, NpgsqlDbType.Array | NpgsqlDbType.Double);

    internal Statement Add(byte[]?[] values) => With(values, NpgsqlDbType.Array | NpgsqlDbType.Bytea);

    /// <remarks>
    /// The array is the statement's own from then on: texts that cannot be stored are replaced in it.
    /// </remarks>
    internal Statement Add(string?[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = values[i] is { } value ? Storable(value) : null;
        }

        return With(values, NpgsqlDbType.Array | NpgsqlDbType.Text);
    }

    /// <summary>A text as PostgreSQL can hold it.</summary>
    /// <remarks>
    /// Its text holds neither U+0000 nor half a character. Such a sign is replaced, so that a message with one is
    /// stored all the same.
    /// </remarks>
    internal static string Storable(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '\0' || char.IsSurrogate(value[i]))
            {
                return string.Concat(
                    value.EnumerateRunes().Select(static rune => rune.Value == 0 ? "\uFFFD" : rune.ToString()));
            }
        }

        return value;
    }

    private Statement With<T>(T value, NpgsqlDbType type)
    {
        Command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
        return this;
    }

    private Statement Null(NpgsqlDbType type)
    {
        Command.Parameters.Add(new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = type });
        return this;
    }
}
