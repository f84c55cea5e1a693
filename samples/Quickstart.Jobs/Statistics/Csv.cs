using System.Text;

namespace Quickstart.Jobs.Statistics;

/// <summary>
/// Reads CSV as RFC 4180 writes it: quoted fields may hold commas, line breaks and doubled quotes. Lines may end in
/// CRLF, LF or CR.
/// </summary>
public static class Csv
{
    /// <summary>The line of a quote that is never closed, and would swallow all that follows; null for none.</summary>
    public static int? UnclosedLine(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int? opened = null;
        var (line, isStart) = (1, true);
        for (var at = text.StartsWith('\uFEFF') ? 1 : 0; at < text.Length; at++)
        {
            var c = text[at];
            if (c is '\n' || (c is '\r' && !(at + 1 < text.Length && text[at + 1] == '\n')))
            {
                line++;
            }

            if (opened is null)
            {
                opened = c == '"' && isStart ? line : null;
                isStart = c is ',' or '\r' or '\n';
            }
            else if (c == '"')
            {
                if (at + 1 < text.Length && text[at + 1] == '"')
                {
                    at++;
                }
                else
                {
                    opened = null;
                }
            }
        }

        return opened;
    }

    internal static IEnumerable<List<string>> Read(string text)
    {
        var row = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        var started = false;
        var at = text.StartsWith('\uFEFF') ? 1 : 0;
        for (; at < text.Length; at++)
        {
            var c = text[at];
            if (quoted)
            {
                if (c != '"')
                {
                    field.Append(c);
                }
                else if (at + 1 < text.Length && text[at + 1] == '"')
                {
                    field.Append('"');
                    at++;
                }
                else
                {
                    quoted = false;
                }
            }
            else if (c == '"' && field.Length == 0)
            {
                quoted = true;
                started = true;
            }
            else if (c == ',')
            {
                row.Add(Take(field));
                started = true;
            }
            else if (c is '\r' or '\n')
            {
                if (c == '\r' && at + 1 < text.Length && text[at + 1] == '\n')
                {
                    at++;
                }

                // A blank line is no row.
                if (started)
                {
                    row.Add(Take(field));
                    yield return row;
                    row = [];
                    started = false;
                }
            }
            else
            {
                field.Append(c);
                started = true;
            }
        }

        if (started)
        {
            row.Add(Take(field));
            yield return row;
        }
    }

    private static string Take(StringBuilder field)
    {
        var text = field.ToString();
        field.Clear();
        return text;
    }
}
