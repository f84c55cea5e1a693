namespace Lovage;

/// <summary>Brings texts to a length, for everything that is stored or shown.</summary>
internal static class TextCut
{
    private const string Mark = "...";

    /// <summary>
    /// The text itself, or its beginning with "..." at the end. It never ends within a character, and half a character
    /// of the text's own becomes U+FFFD, so that every storage keeps the same text.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="lengthMax">Its length at the most, the mark included, in UTF-16 code units.</param>
    internal static string Of(string text, int lengthMax) =>
        WellFormed(text.Length <= lengthMax ? text : string.Concat(Begin(text, lengthMax - Mark.Length), Mark));

    /// <summary>The same without a mark.</summary>
    /// <inheritdoc cref="Of"/>
    internal static string Bare(string text, int lengthMax) =>
        WellFormed(text.Length <= lengthMax ? text : Begin(text, lengthMax).ToString());

    private static ReadOnlySpan<char> Begin(string text, int length) =>
        text.AsSpan(0, length > 0 && char.IsHighSurrogate(text[length - 1]) ? length - 1 : length);

    private static string WellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                return string.Concat(text.EnumerateRunes().Select(static rune => rune.ToString()));
            }
        }

        return text;
    }
}
