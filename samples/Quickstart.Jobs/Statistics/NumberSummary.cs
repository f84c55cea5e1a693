namespace Quickstart.Jobs.Statistics;

/// <summary>
/// What is known of the numbers of a column. The standard deviation is the sample's (n - 1), null for a single number.
/// </summary>
public sealed record NumberSummary(double Min, double Max, double Mean, double? StandardDeviation, Quantiles Quantiles)
{
    internal static NumberSummary Of(double[] numbers)
    {
        Array.Sort(numbers);

        // A power of two changes no digit and keeps the sums of numbers near 1e308 finite.
        var largest = Math.Max(Math.Abs(numbers[0]), Math.Abs(numbers[^1]));
        var scale = largest > 1e100 ? Math.ScaleB(1, Math.ILogB(largest)) : 1;
        var mean = Sum(numbers, number => number / scale) / numbers.Length;
        double? deviation = numbers.Length < 2
            ? null
            : scale * Math.Sqrt(Sum(numbers, number => Math.Pow((number / scale) - mean, 2)) / (numbers.Length - 1));
        return new NumberSummary(numbers[0], numbers[^1], scale * mean, Finite(deviation), Quantiles.OfSorted(numbers));
    }

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;

    /// <summary>Neumaier's sum: what rounding drops is collected and added at the end.</summary>
    private static double Sum(double[] numbers, Func<double, double> term)
    {
        double sum = 0, dropped = 0;
        foreach (var number in numbers)
        {
            var value = term(number);
            var next = sum + value;
            dropped += Math.Abs(sum) >= Math.Abs(value) ? (sum - next) + value : (value - next) + sum;
            sum = next;
        }

        return sum + dropped;
    }
}

/// <summary>
/// The values below which 25, 50, 75 and 95 % of the numbers lie, by linear interpolation between the two nearest ones,
/// as NumPy and Excel's PERCENTILE.INC do.
/// </summary>
public sealed record Quantiles(double P25, double P50, double P75, double P95)
{
    internal static Quantiles OfSorted(double[] numbers) =>
        new(At(numbers, 0.25), At(numbers, 0.5), At(numbers, 0.75), At(numbers, 0.95));

    private static double At(double[] sorted, double fraction)
    {
        var rank = fraction * (sorted.Length - 1);
        var below = (int)rank;
        if (below == sorted.Length - 1)
        {
            return sorted[below];
        }

        var part = rank - below;
        var step = sorted[below + 1] - sorted[below];
        return double.IsFinite(step)
            ? sorted[below] + (step * part)
            : (sorted[below] * (1 - part)) + (sorted[below + 1] * part);
    }
}
