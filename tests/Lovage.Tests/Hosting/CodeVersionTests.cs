using System.Reflection;
using System.Reflection.Emit;

namespace Lovage.Tests.Hosting;

/// <summary>The order of the versions of code.</summary>
public sealed class CodeVersionTests
{
    // Each is older than the next.
    private static readonly string[] Order =
    [
        "0", "0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
        "1.0.0-rc.1", "1.0.0", "1.0.0.1", "1.0.1", "1.2", "1.10.0-2", "1.10.0-x", "1.10.0", "1.10.0.1", "2",
        "2026.11.30.4", "99999999999999999999999", "100000000000000000000000",
    ];

    [Fact]
    public void IsOlder_EachPair_FollowsTheOrder()
    {
        for (var i = 0; i < Order.Length; i++)
        {
            Assert.True(CodeVersion.IsOlder(null, Parse(Order[i])));
            Assert.False(CodeVersion.IsOlder(Parse(Order[i]), null));
            for (var j = 0; j < Order.Length; j++)
            {
                Assert.True(
                    CodeVersion.IsOlder(Parse(Order[i]), Parse(Order[j])) == (i < j), $"{Order[i]} and {Order[j]}");
            }
        }
    }

    [Theory]
    [InlineData("1", "1.0.0.0")]
    [InlineData("1.2.3+4f2a", "1.2.3+91bc")]
    [InlineData("1.02", "1.2")]
    public void IsOlder_EqualVersions_IsFalse(string one, string other) => Assert.False(
        CodeVersion.IsOlder(Parse(one), Parse(other)) || CodeVersion.IsOlder(Parse(other), Parse(one)));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("v1.0")]
    [InlineData("1..0")]
    [InlineData("1.0-")]
    [InlineData("1.0-a..b")]
    [InlineData("1.0-a b")]
    [InlineData("1.٣")]
    [InlineData("4f2a91bc")]
    public void TryParse_NoVersion_IsNull(string? text) => Assert.Null(CodeVersion.TryParse(text));

    [Fact]
    public void TryParse_Length_IsBounded()
    {
        Assert.NotNull(CodeVersion.TryParse(new string('1', CodeVersion.LengthMax)));
        Assert.Null(CodeVersion.TryParse(new string('1', CodeVersion.LengthMax + 1)));
    }

    [Theory]
    [InlineData("1.4.0-beta.2+4f2a91b", "1.4.0.0", "1.4.0-beta.2")]
    [InlineData("1.0.0+4f2a91b", "1.0.0.57", "1.0.0.57")]
    [InlineData("1.0.0", null, "1.0.0")]
    [InlineData("spring release", "3.1.0.0", "3.1.0.0")]
    [InlineData(null, "3.1.0.0", "3.1.0.0")]
    [InlineData(null, null, null)]
    public void Of_Assembly_IsTheVersionThatItsProjectSets(string? informational, string? file, string? expected)
    {
        var attributes = new List<CustomAttributeBuilder>();
        Add(typeof(AssemblyInformationalVersionAttribute), informational);
        Add(typeof(AssemblyFileVersionAttribute), file);
        var assembly = AssemblyBuilder.DefineDynamicAssembly(
            new AssemblyName("Shop"), AssemblyBuilderAccess.RunAndCollect, attributes);

        Assert.Equal(expected, CodeVersion.Of(assembly)?.Text);

        void Add(Type type, string? version)
        {
            if (version is not null)
            {
                attributes.Add(new CustomAttributeBuilder(type.GetConstructor([typeof(string)])!, [version]));
            }
        }
    }

    private static CodeVersion Parse(string text) => Assert.IsType<CodeVersion>(CodeVersion.TryParse(text));
}
