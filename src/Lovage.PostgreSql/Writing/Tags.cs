namespace Lovage.PostgreSql.Writing;

/// <summary>Tags as SQL reads them from a message's column <c>more</c>.</summary>
internal static class Tags
{
    /// <summary>The tags as the rows of a function; none when the column has none, or is null.</summary>
    /// <remarks>
    /// Text of PostgreSQL holds no U+0000, which another field of the column may. Its escape is replaced, unless the
    /// backslash is itself one of an escaped text.
    /// </remarks>
    /// <param name="more">The column.</param>
    internal static string Of(string more) => $"""
        json_array_elements_text(regexp_replace(convert_from({more}, 'UTF8'), '(?<!\\)((?:\\\\)*)\\u0000',
          '\1\\ufffd', 'g')::json -> 'tags')
        """;

    /// <summary>A condition that holds for each column with tags, and is quicker than to read JSON.</summary>
    /// <param name="more">The column.</param>
    internal static string MayBeIn(string more) => $"position('\"tags\":'::bytea IN {more}) > 0";

    /// <summary>Writes the tags of jobs.</summary>
    /// <param name="relation">The jobs, by <c>key</c> and <c>more</c>.</param>
    internal static string Insert(string relation) => $"""
        INSERT INTO lovage.tag(job, tag) SELECT s.key, e.tag FROM {relation} s CROSS JOIN LATERAL {Of("s.more")} AS
          e(tag)
        """;
}
