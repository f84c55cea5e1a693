using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace Lovage.AspNetCore.Tests;

public sealed partial class ConfigurationPageTests
{
    [Fact]
    public void Page_Keys_AreThoseOfTheOptions()
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "configuration.md"));

        var documented = Row().Matches(page).Select(match => match.Groups[1].Value);

        Assert.Equal(
            Keys(typeof(LovageOptions), "Lovage").Order(StringComparer.Ordinal),
            documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Page_DefaultsAndRanges_AreThoseOfTheCode()
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "configuration.md"));
        var compared = 0;
        foreach (Match row in RangeRow().Matches(page))
        {
            var key = row.Groups[1].Value;
            var (min, max) = (Read(row.Groups[3].Value), Read(row.Groups[4].Value));
            var (owner, property) = Find(new LovageOptions(), key);
            if (Read(row.Groups[2].Value) is { } documented)
            {
                Assert.Equal((key, documented), (key, Ticks(property.GetValue(owner)!)));
            }

            Assert.True(Allows(key, min!.Value), $"{key} refuses {row.Groups[3].Value}");
            Assert.False(Allows(key, min.Value - 1), $"{key} takes less than {row.Groups[3].Value}");
            Assert.True(Allows(key, max!.Value), $"{key} refuses {row.Groups[4].Value}");
            Assert.False(Allows(key, max.Value + 1), $"{key} takes more than {row.Groups[4].Value}");
            compared++;
        }

        Assert.InRange(compared, 30, 1_000);
    }

    private static bool Allows(string key, long value)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddLovage(options =>
        {
            var (owner, property) = Find(options, key);
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            property.SetValue(owner, type == typeof(TimeSpan)
                ? TimeSpan.FromTicks(value)
                : Convert.ChangeType(value, type, CultureInfo.InvariantCulture));
        });
        using var host = builder.Build();
        try
        {
            _ = host.Services.GetRequiredService<IOptions<LovageOptions>>().Value;
            return true;
        }
        catch (OptionsValidationException)
        {
            return false;
        }
    }

    private static (object Owner, PropertyInfo Property) Find(object options, string key)
    {
        var names = key.Split(':')[1..];
        foreach (var name in names[..^1])
        {
            options = options.GetType().GetProperty(name)!.GetValue(options)!;
        }

        return (options, options.GetType().GetProperty(names[^1])!);
    }

    private static long Ticks(object value) =>
        value is TimeSpan time ? time.Ticks : Convert.ToInt64(value, CultureInfo.InvariantCulture);

    /// <summary>A number, or a time in ticks; null for words.</summary>
    private static long? Read(string text)
    {
        var parts = text.Split(' ');
        if (!long.TryParse(parts[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        return parts.Length == 1
            ? number
            : parts[1] switch
            {
                "ms" => number * TimeSpan.TicksPerMillisecond,
                "s" => number * TimeSpan.TicksPerSecond,
                "min" => number * TimeSpan.TicksPerMinute,
                "h" => number * TimeSpan.TicksPerHour,
                "day" or "days" => number * TimeSpan.TicksPerDay,
                _ => null,
            };
    }

    [GeneratedRegex(
        @"^\| `(Lovage:[A-Za-z:]+)` \| ([^|]+) \| ([0-9,]+(?: \w+)?) to ([0-9,]+(?: \w+)?) \|",
        RegexOptions.Multiline)]
    private static partial Regex RangeRow();

    private static IEnumerable<string> Keys(Type options, string path) =>
        options.GetProperties(BindingFlags.Public | BindingFlags.Instance).SelectMany(property =>
            property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal)
                ? Keys(property.PropertyType, $"{path}:{property.Name}")
                : [$"{path}:{property.Name}"]);

    [GeneratedRegex(@"^\| `(Lovage:[A-Za-z:]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
