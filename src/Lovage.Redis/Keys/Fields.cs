using System.Globalization;
using System.Text;

namespace Lovage.Redis.Keys;

/// <summary>Facts for a script as one text, with a bar between them; no fact holds one.</summary>
internal static class Fields
{
    internal static string Join(params ReadOnlySpan<object?> parts)
    {
        var text = new StringBuilder(160);
        for (var i = 0; i < parts.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : "|")}{parts[i]}");
        }

        return text.ToString();
    }
}
