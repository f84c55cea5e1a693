using Xunit;

namespace Lovage.Architecture.Tests;

/// <summary>Fails with every finding on a line of its own; a collection assertion would show the first five.</summary>
internal static class Findings
{
    public static void None(IEnumerable<string> findings)
    {
        var found = findings.Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.True(found.Count == 0, string.Join('\n', found.Prepend($"{found.Count} findings:")));
    }
}
