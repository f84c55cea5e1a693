namespace Lovage.Scheduling;

/// <summary>The small change of English sentences.</summary>
internal static class Wording
{
    internal static readonly string[] Months =
        [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December",
        ];

    internal static readonly string[] Days =
    [
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
    ];

    private const int ShownMax = 12;
    private const int RangeMin = 3;

    /// <summary>"1", "1 and 2", "1, 2 and 3"; long lists are cut with the number of the rest.</summary>
    internal static string List(IReadOnlyList<string> items, string link = "and")
    {
        if (items.Count > ShownMax)
        {
            return $"{string.Join(", ", items.Take(ShownMax))} {link} {items.Count - ShownMax} more";
        }

        return items.Count == 1 ? items[0] : $"{string.Join(", ", items.Take(items.Count - 1))} {link} {items[^1]}";
    }

    /// <summary>The values of a bit set: "5", "1 to 5", "1, 2 and 7".</summary>
    internal static string Values(ulong bits, Func<int, string> word)
    {
        var values = Bits(bits);
        var isRange = values.Count >= RangeMin && values[^1] - values[0] == values.Count - 1;
        return isRange ? $"{word(values[0])} to {word(values[^1])}" : List([.. values.Select(word)]);
    }

    internal static IReadOnlyList<int> Bits(ulong bits) =>
        [.. Enumerable.Range(0, 64).Where(i => (bits & (1ul << i)) != 0)];

    /// <summary>1st, 2nd, 3rd, 4th, 11th, 21st.</summary>
    internal static string Ordinal(int number) => (number % 100) switch
    {
        11 or 12 or 13 => $"{number}th",
        _ => (number % 10) switch
        {
            1 => $"{number}st",
            2 => $"{number}nd",
            3 => $"{number}rd",
            _ => $"{number}th",
        },
    };
}
