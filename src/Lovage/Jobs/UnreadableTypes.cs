namespace Lovage;

/// <summary>
/// Types of .NET whose value does not come back from JSON. The generator's diagnostics read the same list.
/// </summary>
internal static class UnreadableTypes
{
    private const string TurnedAround = "JSON turns its order around; pass a list";
    private const string Numbers = "JSON leaves out its value, or cannot set it; pass its numbers, or a text";

    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["System.Numerics.BigInteger"] = "JSON writes its properties and not its value; pass a text",
        ["System.Range"] = "JSON cannot set its members; pass two numbers",
        ["System.Index"] = "JSON cannot set its members; pass a number",
        ["System.Text.Rune"] = "JSON cannot set its value; pass a text",
        ["System.ValueTuple"] = "a tuple's members are fields, which JSON leaves out; declare a record",
        ["System.ArraySegment"] = "JSON can write it and not read it; pass an array",
        ["System.Exception"] = "an exception has no JSON contract; pass its message",
        ["System.Lazy"] = "its value is made in this process; pass the value",
        ["System.Collections.BitArray"] = "JSON cannot fill it; pass a bool[] or a byte[]",
        ["System.Collections.Specialized.NameValueCollection"] =
            "JSON writes its keys and not its values; pass a Dictionary<string, string[]>",
        ["System.Drawing.Color"] = "JSON writes its properties and cannot set them; pass a text",
        ["System.Data.DataTable"] = "it has no JSON contract; pass rows of a record",
        ["System.Data.DataSet"] = "it has no JSON contract; pass rows of a record",
        ["System.Globalization.CultureInfo"] = "JSON cannot make it; pass its name",
        ["System.TimeZoneInfo"] = "JSON cannot make it; pass its id",
        ["System.Text.Encoding"] = "JSON cannot make it; pass its name",
        ["System.Text.RegularExpressions.Regex"] = "JSON cannot make it; pass its pattern",
        ["System.Net.IPAddress"] = "JSON cannot make it; pass a text",
        ["System.Net.IPEndPoint"] = "JSON cannot make it; pass a text",
        ["System.Net.Mail.MailAddress"] = "JSON cannot make it; pass a text",
        ["System.Collections.Generic.Stack"] = TurnedAround,
        ["System.Collections.Stack"] = TurnedAround,
        ["System.Collections.Concurrent.ConcurrentStack"] = TurnedAround,
        ["System.Collections.Immutable.ImmutableStack"] = TurnedAround,
    };

    /// <summary>Why a type does not come back; null for any other type.</summary>
    /// <param name="fullName">Its namespace and name, without type parameters.</param>
    internal static string? WhyNot(string fullName) =>
        Reasons.TryGetValue(fullName, out var reason) ? reason
        : fullName.StartsWith("System.Numerics.", StringComparison.Ordinal) ? Numbers
        : null;
}
