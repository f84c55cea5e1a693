using System.Reflection;
using System.Text.RegularExpressions;
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

    private static IEnumerable<string> Keys(Type options, string path) =>
        options.GetProperties(BindingFlags.Public | BindingFlags.Instance).SelectMany(property =>
            property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal)
                ? Keys(property.PropertyType, $"{path}:{property.Name}")
                : [$"{path}:{property.Name}"]);

    [GeneratedRegex(@"^\| `(Lovage:[A-Za-z:]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
