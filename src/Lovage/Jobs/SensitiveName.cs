using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Lovage;

/// <summary>
/// Names a value among a job's arguments that is not shown. <c>password</c> is the argument of that name,
/// <c>card.number</c> a member of one, and <c>limits.*.key</c> a member of each value of a dictionary. <c>#2</c> at the
/// end says at which position the argument stands when it is given by position. <c>*</c> is all arguments.
/// <c>@result</c> is the result, and <c>@result.token</c> a member of it: no argument has such a name.
/// </summary>
/// <remarks>
/// Elements of an array need no step of their own. The message carries these names, so that a process that does not
/// know the job's definition can hide the values. The position comes from the definition that wrote the message.
/// </remarks>
/// <param name="Argument">The argument's name; empty for one that has a position alone.</param>
/// <param name="Position">The position from 1; 0 for none.</param>
/// <param name="Members">The way to the value within the argument; empty for the whole argument.</param>
internal readonly record struct SensitiveName(string Argument, int Position, ImmutableArray<string> Members)
{
    internal const int CountMax = 64;
    internal const int LengthMax = 200;

    /// <summary>All arguments, as a name.</summary>
    internal const string All = "*";

    /// <summary>The result, as a name.</summary>
    internal const string Result = "@result";

    private const int PositionMax = 9_999;

    /// <summary>All arguments and the result.</summary>
    internal static ImmutableArray<string> Everything { get; } = [All, Result];

    internal bool IsAll => Argument == All;

    internal bool IsResult => Argument == Result;

    /// <summary>The name of a member of the result; of the result itself for <see cref="All"/>.</summary>
    internal static string OfResult(string member) => member == All ? Result : $"{Result}.{member}";

    /// <summary>True when one of the names is of the result.</summary>
    internal static bool HaveResult(ImmutableArray<string> names) =>
        names.Any(static name => TryParse(name, out var one) && one.IsResult);

    /// <summary>Reads a name.</summary>
    internal static bool TryParse([NotNullWhen(true)] string? text, out SensitiveName name)
    {
        name = default;
        if (text is not { Length: > 0 and <= LengthMax } || !JobNames.IsShort(text, LengthMax))
        {
            return false;
        }

        var mark = text.LastIndexOf('#');
        var position = 0;
        if (mark >= 0
            && (!int.TryParse(
                    text.AsSpan(mark + 1), NumberStyles.None, CultureInfo.InvariantCulture, out position)
                || position is < 1 or > PositionMax))
        {
            return false;
        }

        var steps = (mark < 0 ? text : text[..mark]).Split('.');
        if (steps.Any(static step => step.Length == 0) && !(steps.Length == 1 && position > 0))
        {
            return false;
        }

        name = new SensitiveName(steps[0], position, [.. steps.Skip(1)]);
        return !name.IsAll || (steps.Length == 1 && position == 0);
    }

    /// <summary>Checks names that the app gives; duplicates collapse, and the order stays.</summary>
    /// <exception cref="ArgumentException">One is no name, or there are too many.</exception>
    internal static ImmutableArray<string> Check(IReadOnlyList<string> names)
    {
        if (names is ImmutableArray<string> { IsDefault: false } same && IsChecked(same))
        {
            return same;
        }

        var kept = ImmutableArray.CreateBuilder<string>(names.Count);
        for (var i = 0; i < names.Count; i++)
        {
            if (!TryParse(names[i], out _))
            {
                throw new ArgumentException(
                    $"'{JobNames.Shown(names[i])}' names no argument: a name as 'password', a path as 'card.number', "
                        + $"a position as '#2', or '{All}' for all of them is expected.",
                    nameof(names));
            }

            if (!kept.Contains(names[i]))
            {
                kept.Add(names[i]);
            }
        }

        return kept.Count <= CountMax
            ? kept.DrainToImmutable()
            : throw new ArgumentException(
                $"More than {CountMax} names were given. '{All}' hides all arguments.", nameof(names));
    }

    /// <summary>
    /// The names among what a storage kept or another program wrote. Where one is not understood, all arguments are
    /// hidden.
    /// </summary>
    internal static ImmutableArray<string> Read(IEnumerable<string?> names)
    {
        var kept = ImmutableArray.CreateBuilder<string>();
        foreach (var name in names)
        {
            if (kept.Count == CountMax || !TryParse(name, out _))
            {
                return Everything;
            }

            if (!kept.Contains(name))
            {
                kept.Add(name);
            }
        }

        return kept.DrainToImmutable();
    }

    /// <summary>Both lists; one that is empty costs nothing.</summary>
    internal static ImmutableArray<string> Union(ImmutableArray<string> one, ImmutableArray<string> other) =>
        other.IsEmpty || one == other ? one
        : one.IsEmpty ? other
        : Read(one.Union(other, StringComparer.Ordinal));

    private static bool IsChecked(ImmutableArray<string> names)
    {
        if (names.Length > CountMax)
        {
            return false;
        }

        for (var i = 0; i < names.Length; i++)
        {
            if (!TryParse(names[i], out _) || names.IndexOf(names[i]) != i)
            {
                return false;
            }
        }

        return true;
    }
}
