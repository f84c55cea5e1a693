using System.Buffers;
using System.Globalization;
using System.Text;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Lovage.AspNetCore.Metrics;

/// <summary>Names, labels and numbers in Prometheus's text format, version 0.0.4.</summary>
/// <remarks>
/// Names follow OpenTelemetry's rules for Prometheus: characters that are not allowed become an underscore, the unit
/// follows the name, and a counter ends in <c>_total</c>.
/// </remarks>
internal static class PrometheusText
{
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The labels of the series that takes what finds no place.</summary>
    internal const string Overflow = "otel_metric_overflow=\"true\"";

    /// <summary>Characters of a label's value at the most; the rest is cut off.</summary>
    private const int ValueMax = 500;

    /// <summary>The name of a metric.</summary>
    /// <param name="instrument">The instrument's name.</param>
    /// <param name="unit">Its unit; one in braces is no unit.</param>
    /// <param name="isCounter">True for a sum that only grows.</param>
    internal static string Name(string instrument, string? unit, bool isCounter)
    {
        var name = Clean(instrument, allowsColon: true);
        var suffix = unit switch
        {
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            _ => "",
        };
        if (!name.EndsWith(suffix, StringComparison.Ordinal))
        {
            name += suffix;
        }

        return isCounter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    /// <summary>The labels of a series, such as <c>a="b",c="d"</c>. Of two labels of one name the first one
    /// counts.</summary>
    internal static string Labels(ReadOnlySpan<Tag> tags)
    {
        var text = new StringBuilder();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags)
        {
            var name = Clean(key, allowsColon: false);
            if (names.Add(name))
            {
                text.Append(text.Length > 0 ? "," : "").Append(name).Append("=\"");
                AppendEscaped(text, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", ValueMax, '"');
                text.Append('"');
            }
        }

        return text.ToString();
    }

    /// <summary>The text of a HELP line.</summary>
    internal static string Help(string description)
    {
        var text = new StringBuilder();
        AppendEscaped(text, description, int.MaxValue, '\n');
        return text.ToString();
    }

    internal static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    /// <summary>The lines before the series of a metric.</summary>
    internal static void Head(IBufferWriter<byte> page, string name, string type, string help) =>
        Write(page, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    internal static void Write(IBufferWriter<byte> page, ReadOnlySpan<char> text) =>
        Encoding.UTF8.GetBytes(text, page);

    private static string Clean(string name, bool allowsColon)
    {
        var clean = string.Create(name.Length, (name, allowsColon), static (span, state) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                var letter = state.name[i];
                span[i] = char.IsAsciiLetterOrDigit(letter) || (letter == ':' && state.allowsColon) ? letter : '_';
            }
        });
        return clean.Length == 0 || char.IsAsciiDigit(clean[0]) ? "_" + clean : clean;
    }

    /// <summary>Backslash, line feed and the quote are escaped. Prometheus ends its reading at a null.</summary>
    private static void AppendEscaped(StringBuilder text, string value, int max, char quote)
    {
        // A half of a surrogate pair becomes the replacement character here, so that equal bytes are equal texts.
        foreach (var rune in value.EnumerateRunes())
        {
            if (max-- == 0)
            {
                return;
            }

            if (rune.Value == '\n')
            {
                text.Append("\\n");
            }
            else if (rune.Value == 0)
            {
                text.Append('\uFFFD');
            }
            else if (rune.Value == '\\' || rune.Value == quote)
            {
                text.Append('\\').Append((char)rune.Value);
            }
            else
            {
                text.Append(rune.ToString());
            }
        }
    }
}
