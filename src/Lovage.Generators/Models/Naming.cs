using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis.CSharp;

namespace Lovage.Generators;

/// <summary>Names made from names: on the wire, in generated code.</summary>
internal static class Naming
{
    /// <summary>The file that holds the catalog.</summary>
    internal const string CatalogFile = "LovageCatalog.g.cs";

    internal const int NameLengthMax = 255;
    internal const int QueueLengthMax = 64;

    /// <summary>
    /// snake_case exactly as System.Text.Json's SnakeCaseLower makes it, so that parameters and properties agree.
    /// </summary>
    internal static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        var previous = Part.Start;
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            switch (char.GetUnicodeCategory(c))
            {
                case UnicodeCategory.UppercaseLetter:
                    var startsWord = previous == Part.Lower
                        || (previous == Part.Upper && i + 1 < name.Length && char.IsLower(name[i + 1]));
                    if (startsWord)
                    {
                        text.Append('_');
                    }

                    text.Append(char.ToLowerInvariant(c));
                    previous = Part.Upper;
                    break;
                case UnicodeCategory.LowercaseLetter or UnicodeCategory.DecimalDigitNumber:
                    text.Append(c);
                    previous = Part.Lower;
                    break;
                default:
                    text.Append(c);
                    previous = Part.Start;
                    break;
            }
        }

        return text.ToString();
    }

    /// <summary>The method's name without Async.</summary>
    internal static string Factory(string method) =>
        method.Length > 5 && method.EndsWith("Async", StringComparison.Ordinal)
            ? method.Substring(0, method.Length - 5)
            : method;

    /// <summary>An identifier as code may write it anywhere.</summary>
    internal static string Identifier(string name) =>
        SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None
            || SyntaxFacts.GetContextualKeywordKind(name) != SyntaxKind.None
            ? "@" + name
            : name;

    /// <summary>
    /// The name of an assembly's catalog: Billing and Shop.Billing make BillingJobs, my-app makes MyAppJobs, Shop.Jobs
    /// makes ShopJobs.
    /// </summary>
    internal static string Catalog(string assembly)
    {
        var own = assembly.EndsWith(".Jobs", StringComparison.Ordinal)
            ? assembly.Substring(0, assembly.Length - 5)
            : assembly;
        var name = Pascal(own.Substring(own.LastIndexOf('.') + 1));
        return name.EndsWith("Jobs", StringComparison.Ordinal) ? name : name + "Jobs";
    }

    /// <summary>A namespace from any text, part by part.</summary>
    internal static string Namespace(string text) =>
        string.Join(
            ".",
            text.Split('.').Select(static part => part.Trim()).Where(static part => part.Length > 0).Select(Valid));

    internal static bool IsJobName(string name) => Is(name, NameLengthMax, "._-:<>[]/");

    internal static bool IsQueue(string name) =>
        Is(name, QueueLengthMax, "._-")
        && name is not ("unacked" or "unacked_index" or "unacked_mutex")
        && !name.StartsWith("_kombu.", StringComparison.Ordinal)
        && !name.StartsWith("amq.", StringComparison.Ordinal)
        && !name.StartsWith("celery-task-meta-", StringComparison.Ordinal);

    private static bool Is(string name, int lengthMax, string extra) =>
        name.Length > 0
        && name.Length <= lengthMax
        && name.All(
            c => c is (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') or (>= '0' and <= '9') || extra.IndexOf(c) >= 0);

    private static string Pascal(string text)
    {
        var result = new StringBuilder(text.Length);
        var startsWord = true;
        foreach (var c in text)
        {
            if (!SyntaxFacts.IsIdentifierPartCharacter(c))
            {
                startsWord = true;
                continue;
            }

            result.Append(startsWord ? char.ToUpperInvariant(c) : c);
            startsWord = false;
        }

        return Started(result.ToString());
    }

    private static string Valid(string part) =>
        Identifier(Started(string.Concat(part.Select(static c => SyntaxFacts.IsIdentifierPartCharacter(c) ? c : '_'))));

    private static string Started(string name) =>
        name.Length > 0 && SyntaxFacts.IsIdentifierStartCharacter(name[0]) ? name : "_" + name;

    private enum Part
    {
        Start,
        Upper,
        Lower,
    }
}
