using System.ComponentModel;
using System.Globalization;

namespace Lovage.Generated;

/// <summary>Makes the tags that generated factories write.</summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class JobTags
{
    /// <summary>The tags that there are, in order.</summary>
    /// <param name="tags">One for each parameter with <see cref="TagAttribute"/>; null for none.</param>
    public static IReadOnlyList<string> Of(params ReadOnlySpan<string?> tags)
    {
        var kept = new List<string>(tags.Length);
        foreach (var tag in tags)
        {
            if (tag is not null)
            {
                kept.Add(tag);
            }
        }

        return kept;
    }

    /// <summary>The tag of one argument.</summary>
    /// <typeparam name="T">The parameter's type.</typeparam>
    /// <param name="name">The part before the colon.</param>
    /// <param name="value">The argument.</param>
    /// <param name="parameter">The parameter's name, for the message.</param>
    /// <returns>Null for null and for a value whose text is empty.</returns>
    /// <exception cref="ArgumentException">It is no tag: too long, or with control characters in it.</exception>
    public static string? One<T>(string name, T value, string parameter)
    {
        var text = TextOf(value);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var tag = $"{name}:{text}";
        return JobNames.IsTag(tag)
            ? tag
            : throw new ArgumentException(
                $"The tag '{JobNames.Shown(tag)}' of parameter '{parameter}' has {tag.Length} characters; at most "
                    + $"{JobNames.TagLengthMax} are allowed, and no control characters. Tag a shorter value.",
                parameter);
    }

    private static string? TextOf<T>(T value) => value switch
    {
        null => null,
        string text => text,
        bool flag => flag ? "true" : "false",
        DateTime or DateTimeOffset or DateOnly or TimeOnly =>
            ((IFormattable)value).ToString("O", CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}
