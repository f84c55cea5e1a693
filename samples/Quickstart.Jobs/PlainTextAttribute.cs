using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;

namespace Quickstart.Jobs;

/// <summary>
/// The text stays one line in every place that shows it, and reads as its author wrote it. It has no control characters
/// (CR, LF, NUL, U+0085 and the like) and no line or paragraph separators (U+2028, U+2029). It has no marks that turn
/// the direction of text (U+202A to U+202E, U+2066 to U+2069), no half of a surrogate pair, and not only blanks and
/// characters that are not seen.
/// Characters that join letters and emoji are allowed.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property)]
public sealed class PlainTextAttribute() : ValidationAttribute(
    "'{0}' must be one line of text: not only blanks, no control characters, none that turn the direction of text.")
{
    public override bool IsValid(object? value) =>
        value is null or "" || (value is string text
            && text.EnumerateRunes().Any(IsSeen)
            && text.EnumerateRunes().All(IsPlain)
            && IsWellFormed(text));

    private static bool IsSeen(Rune rune) =>
        !Rune.IsWhiteSpace(rune) && Rune.GetUnicodeCategory(rune) != UnicodeCategory.Format;

    private static bool IsPlain(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is not (UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
        && rune.Value is not ((>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069));

    /// <summary>Finds half of a surrogate pair, which an enumeration of runes shows as a replacement
    /// character.</summary>
    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i++ + 1])))
            {
                return false;
            }
        }

        return true;
    }
}
