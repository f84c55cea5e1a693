using System.Collections.Immutable;
using Lovage.Protocol;

namespace Lovage.PostgreSql.Schema;

/// <summary>What jobs are found by, as SQL reads it from a message's column <c>more</c>.</summary>
internal static class Marks
{
    internal const string Tag = "0";
    internal const string Root = "1";
    internal const string Schedule = "2";
    internal const string EditedFrom = "3";

    /// <summary>What a column with tags has in it.</summary>
    internal const string TagKey = "\"tags\":";

    private const string ScheduleHeader = "lovage_schedule";
    private const string EditedHeader = "lovage_edited_from";

    // A longer text is no id.
    private const string LengthMax = "256";

    /// <summary>True when a job is to be found by anything of one of the messages.</summary>
    internal static bool AreIn(IReadOnlyList<JobMessage> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i].RootId is not null || !messages[i].Tags.IsEmpty || HaveMark(messages[i].Headers))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The tags as the rows of a function; none when the column has none, or is null.</summary>
    /// <param name="more">The column.</param>
    internal static string TagsOf(string more) => $"json_array_elements_text({Json(more)} -> 'tags')";

    /// <summary>A condition that holds for each column with a text in it, and is quicker than to read JSON.</summary>
    /// <param name="more">The column.</param>
    /// <param name="text">The text.</param>
    internal static string MayBeIn(string more, string text) => $"position('{text}'::bytea IN {more}) > 0";

    /// <summary>A condition that holds for each column with marks.</summary>
    /// <param name="more">The column.</param>
    internal static string MayBeIn(string more) => $"""
        ({MayBeIn(more, TagKey)} OR {MayBeIn(more, "\"root\":")} OR {MayBeIn(more, ScheduleHeader)}
          OR {MayBeIn(more, EditedHeader)})
        """;

    /// <summary>Writes the marks of jobs.</summary>
    /// <param name="relation">The jobs, by <c>key</c> and <c>more</c>.</param>
    internal static string Insert(string relation) =>
        $"INSERT INTO lovage.mark(job, kind, text) SELECT s.key, e.kind, e.text FROM {relation} s {Of("s.more")}";

    /// <summary>Removes the marks of jobs.</summary>
    /// <param name="relation">The jobs, by <c>key</c> and <c>more</c>.</param>
    internal static string Delete(string relation) => $"""
        DELETE FROM lovage.mark WHERE ctid = ANY (ARRAY(
          SELECT t.ctid FROM {relation} g {Of("g.more")} CROSS JOIN LATERAL (
            SELECT t.ctid FROM lovage.mark t WHERE t.kind = e.kind AND t.text = e.text AND t.job = g.key OFFSET 0) t
          WHERE {MayBeIn("g.more")}))
        """;

    /// <summary>Joins the marks <c>e</c> of a column.</summary>
    private static string Of(string more) => $"""
        CROSS JOIN LATERAL (SELECT {Json(more)} AS j OFFSET 0) j CROSS JOIN LATERAL (
          SELECT {Tag}::smallint AS kind, t.text FROM json_array_elements_text(j.j -> 'tags') AS t(text)
          UNION ALL SELECT v.kind, v.text FROM (VALUES ({Root}::smallint, j.j ->> 'root'),
            ({Schedule}::smallint, j.j -> 'headers' ->> '{ScheduleHeader}'),
            ({EditedFrom}::smallint, j.j -> 'headers' ->> '{EditedHeader}')) AS v(kind, text)
          WHERE length(v.text) BETWEEN 1 AND {LengthMax}) e
        """;

    /// <summary>The column as JSON.</summary>
    /// <remarks>
    /// Text of PostgreSQL holds no U+0000, which a field of the column may. Its escape is replaced, unless the
    /// backslash is itself one of an escaped text.
    /// </remarks>
    private static string Json(string more) => $"""
        regexp_replace(convert_from({more}, 'UTF8'), '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')::json
        """;

    private static bool HaveMark(ImmutableDictionary<string, string> headers) =>
        !headers.IsEmpty && (headers.ContainsKey(ScheduleHeader) || headers.ContainsKey(EditedHeader));
}
