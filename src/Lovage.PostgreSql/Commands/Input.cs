using System.Globalization;

namespace Lovage.PostgreSql.Commands;

/// <summary>
/// The rows that a statement is given: one array a column. It writes <c>unnest($3::bigint[], ...) AS i(job, ...)</c>
/// and adds the parameters of it, so that both have one order.
/// </summary>
/// <remarks>
/// Complete it before its first use; then it is safe for use by several threads. An input comes after all other
/// parameters of its statement, whose numbers then do not depend on how many columns it has.
/// </remarks>
/// <typeparam name="TRow">What a row is made of.</typeparam>
internal sealed class Input<TRow>
{
    private readonly List<Column> _columns = [];

    private delegate void AddColumn(
        Statement statement, IReadOnlyList<TRow> rows, IReadOnlyDictionary<string, int>? words, long[]? keys);

    internal Input<TRow> Text(string name, Func<TRow, string?> value) =>
        With(name, "text", (statement, rows, _, _) => statement.Add(Values(rows, value)));

    internal Input<TRow> Int64(string name, Func<TRow, long> value) =>
        With(name, "bigint", (statement, rows, _, _) => statement.Add(Values(rows, value)));

    internal Input<TRow> Int64OrNull(string name, Func<TRow, long?> value) =>
        With(name, "bigint", (statement, rows, _, _) => statement.Add(Values(rows, value)));

    internal Input<TRow> Int32(string name, Func<TRow, int> value) =>
        With(name, "integer", (statement, rows, _, _) => statement.Add(Values(rows, value)));

    internal Input<TRow> Int32OrNull(string name, Func<TRow, int?> value) =>
        With(name, "integer", (statement, rows, _, _) => statement.Add(Values(rows, value)));

    internal Input<TRow> Int16(string name, Func<TRow, short> value) =>
        With(name, "smallint", (statement, rows, _, _) => statement.Add(Values(rows, value)));

    internal Input<TRow> Boolean(string name, Func<TRow, bool> value) =>
        With(name, "boolean", (statement, rows, _, _) => statement.Add(Values(rows, value)));

    internal Input<TRow> DoubleOrNull(string name, Func<TRow, double?> value) =>
        With(name, "double precision", (statement, rows, _, _) => statement.Add(Values(rows, value)));

    internal Input<TRow> BytesOrNull(string name, Func<TRow, byte[]?> value) =>
        With(name, "bytea", (statement, rows, _, _) => statement.Add(Values(rows, value)));

    /// <summary>The number of a word.</summary>
    internal Input<TRow> Word(string name, Func<TRow, string> value) =>
        With(name, "integer", (statement, rows, words, _) =>
        {
            var numbers = new int[rows.Count];
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = words![value(rows[i])];
            }

            statement.Add(numbers);
        });

    /// <summary>The number of a word; null where there is none.</summary>
    internal Input<TRow> WordOrNull(string name, Func<TRow, string?> value) =>
        With(name, "integer", (statement, rows, words, _) =>
        {
            var numbers = new int?[rows.Count];
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = value(rows[i]) is { } word ? words![word] : null;
            }

            statement.Add(numbers);
        });

    /// <summary>The keys given beside the rows; null in each row when none are given.</summary>
    internal Input<TRow> Keys(string name) =>
        With(name, "bigint", static (statement, _, _, keys) => statement.Add(keys));

    /// <summary>All columns of another input, each of its rows made from one of these.</summary>
    internal Input<TRow> Include<TPart>(Input<TPart> part, Func<TRow, TPart> value)
    {
        foreach (var column in part._columns)
        {
            With(column.Name, column.Type, (statement, rows, words, keys) =>
                column.Add(statement, Values(rows, value), words, keys));
        }

        return this;
    }

    /// <summary>The rows as a relation <c>i</c>.</summary>
    /// <param name="first">The number of its first parameter.</param>
    internal string Rows(int first) => $"unnest({Parameters(first)}) AS i({Names})";

    /// <summary>The rows as a relation <c>i</c>, numbered from 1 in its column <c>ord</c>.</summary>
    /// <param name="first">The number of its first parameter.</param>
    internal string NumberedRows(int first) => $"unnest({Parameters(first)}) WITH ORDINALITY AS i({Names}, ord)";

    /// <summary>One column as an array, such as <c>$3</c>.</summary>
    /// <param name="first">The number of the input's first parameter.</param>
    /// <param name="name">The column.</param>
    internal string Parameter(int first, string name) => string.Create(
        CultureInfo.InvariantCulture, $"${first + _columns.FindIndex(column => column.Name == name)}");

    /// <summary>Adds the parameters.</summary>
    /// <param name="statement">The statement, with all other parameters.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="words">The numbers of all words in them; null for an input without words.</param>
    /// <param name="keys">The keys, one a row; null for none.</param>
    internal Statement AddTo(
        Statement statement,
        IReadOnlyList<TRow> rows,
        IReadOnlyDictionary<string, int>? words = null,
        long[]? keys = null)
    {
        foreach (var column in _columns)
        {
            column.Add(statement, rows, words, keys);
        }

        return statement;
    }

    private string Names => string.Join(", ", _columns.Select(static column => column.Name));

    private string Parameters(int first) => string.Join(", ", _columns.Select((column, i) =>
        string.Create(CultureInfo.InvariantCulture, $"${first + i}::{column.Type}[]")));

    private Input<TRow> With(string name, string type, AddColumn add)
    {
        _columns.Add(new Column(name, type, add));
        return this;
    }

    private static T[] Values<T>(IReadOnlyList<TRow> rows, Func<TRow, T> value)
    {
        var values = new T[rows.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(rows[i]);
        }

        return values;
    }

    private sealed record Column(string Name, string Type, AddColumn Add);
}
