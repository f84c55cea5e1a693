using System.Text;

namespace Lovage.Dashboard.Search;

/// <summary>One term of a search: <c>queue:mail</c>, or a text without a qualifier.</summary>
/// <param name="Key">The word before the colon; null when there is none.</param>
/// <param name="Value">What stands after it, without quotes.</param>
internal readonly record struct SearchTerm(string? Key, string Value);

/// <summary>Cuts a search into terms. Blanks part terms, but not within double quotes.</summary>
internal static class SearchTerms
{
    /// <summary>Characters at the most.</summary>
    internal const int LengthMax = 500;

    /// <summary>Terms at the most.</summary>
    internal const int CountMax = 20;

    /// <exception cref="FormatException">The text is too long, has too many terms, or leaves a quote open.</exception>
    internal static IReadOnlyList<SearchTerm> Of(string text)
    {
        if (text.Length > LengthMax)
        {
            throw new FormatException(
                $"The search has {text.Length} characters, and at most {LengthMax} are read.");
        }

        var terms = new List<SearchTerm>();
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            if (terms.Count == CountMax)
            {
                throw new FormatException($"The search has more than {CountMax} terms.");
            }

            terms.Add(Next(text, ref at));
        }

        return terms;
    }

    private static SearchTerm Next(string text, ref int at)
    {
        string? key = null;
        var value = new StringBuilder();
        var isQuoted = false;
        for (; at < text.Length && (isQuoted || !char.IsWhiteSpace(text[at])); at++)
        {
            var character = text[at];
            if (isQuoted && character == '\\' && at + 1 < text.Length && text[at + 1] is '"' or '\\')
            {
                value.Append(text[++at]);
            }
            else if (character == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (character == ':' && key is null && !isQuoted)
            {
                key = value.ToString();
                value.Clear();
            }
            else
            {
                value.Append(character);
            }
        }

        return isQuoted
            ? throw new FormatException("A double quote is open at the end of the search.")
            : new SearchTerm(key, value.ToString());
    }
}
