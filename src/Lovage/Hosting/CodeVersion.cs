using System.Reflection;

namespace Lovage;

/// <summary>
/// The version of code that defines schedules: numbers, and the parts of a pre-release as in <c>1.2.0-beta.3</c>.
/// Nodes of two versions compare it in a roll-out.
/// </summary>
/// <remarks>
/// The order is that of semantic versions, with any count of numbers: a missing number is 0, and a pre-release comes
/// before its release. What follows a plus sign says which build it is, and gives no order. Immutable.
/// </remarks>
internal sealed class CodeVersion
{
    internal const int LengthMax = 128;

    /// <summary>What the compiler writes for an assembly whose project sets no version.</summary>
    private static readonly CodeVersion Unset = new("1.0.0", ["1"], []);

    private readonly string[] _numbers;
    private readonly string[] _preRelease;

    private CodeVersion(string text, string[] numbers, string[] preRelease)
    {
        Text = text;
        _numbers = numbers;
        _preRelease = preRelease;
    }

    /// <summary>As it is stored, without the build.</summary>
    internal string Text { get; }

    /// <summary>
    /// The version of an assembly: the informational one, or the file's where the informational one is not set.
    /// </summary>
    internal static CodeVersion? Of(Assembly? assembly)
    {
        var version = TryParse(
            assembly?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);
        return version is not null && Compare(version, Unset) != 0
            ? version
            : TryParse(assembly?.GetCustomAttribute<AssemblyFileVersionAttribute>()?.Version) ?? version;
    }

    /// <summary>Reads a version; null for a text that is none.</summary>
    internal static CodeVersion? TryParse(string? text)
    {
        if (text is null || text.Length > LengthMax)
        {
            return null;
        }

        var version = text.Split('+', 2)[0];
        var parts = version.Split('-', 2);
        var numbers = parts[0].Split('.');
        var preRelease = parts.Length > 1 ? parts[1].Split('.') : [];
        return numbers.All(IsNumber) && preRelease.All(static part => part.Length > 0 && part.All(IsOfPreRelease))
            ? new CodeVersion(version, numbers, preRelease)
            : null;
    }

    /// <summary>True when the other one is newer. No version is older than every version.</summary>
    internal static bool IsOlder(CodeVersion? version, CodeVersion? other) => Compare(version, other) < 0;

    private static int Compare(CodeVersion? one, CodeVersion? other)
    {
        if (one is null || other is null)
        {
            return (one is null ? 0 : 1) - (other is null ? 0 : 1);
        }

        for (var i = 0; i < Math.Max(one._numbers.Length, other._numbers.Length); i++)
        {
            var order = CompareNumbers(
                one._numbers.ElementAtOrDefault(i) ?? "", other._numbers.ElementAtOrDefault(i) ?? "");
            if (order != 0)
            {
                return order;
            }
        }

        return ComparePreReleases(one._preRelease, other._preRelease);
    }

    private static int ComparePreReleases(string[] one, string[] other)
    {
        if (one.Length == 0 || other.Length == 0)
        {
            return (one.Length == 0 ? 1 : 0) - (other.Length == 0 ? 1 : 0);
        }

        for (var i = 0; i < Math.Min(one.Length, other.Length); i++)
        {
            var (isNumber, isOtherNumber) = (IsNumber(one[i]), IsNumber(other[i]));
            var order = isNumber && isOtherNumber ? CompareNumbers(one[i], other[i])
                : isNumber != isOtherNumber ? (isNumber ? -1 : 1)
                : string.CompareOrdinal(one[i], other[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return one.Length - other.Length;
    }

    /// <summary>Compares numbers of any length.</summary>
    private static int CompareNumbers(string one, string other)
    {
        var (a, b) = (one.TrimStart('0'), other.TrimStart('0'));
        return a.Length != b.Length ? a.Length - b.Length : string.CompareOrdinal(a, b);
    }

    private static bool IsNumber(string part) => part.Length > 0 && part.All(char.IsAsciiDigit);

    private static bool IsOfPreRelease(char character) => char.IsAsciiLetterOrDigit(character) || character == '-';
}
