using System.Collections.Immutable;

namespace Lovage.Tests.Jobs;

public sealed class SensitiveNameTests
{
    [Theory]
    [InlineData("password", "password", 0, "")]
    [InlineData("password#2", "password", 2, "")]
    [InlineData("#2", "", 2, "")]
    [InlineData("card.number#3", "card", 3, "number")]
    [InlineData("limits.*.key", "limits", 0, "*.key")]
    [InlineData("*", "*", 0, "")]
    [InlineData("@result", "@result", 0, "")]
    [InlineData("@result.*.token", "@result", 0, "*.token")]
    public void TryParse_Name_IsRead(string text, string argument, int position, string members)
    {
        Assert.True(SensitiveName.TryParse(text, out var name));

        Assert.Equal(
            (argument, position, members), (name.Argument, name.Position, string.Join('.', name.Members)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("#")]
    [InlineData("#0")]
    [InlineData("#x")]
    [InlineData("#-1")]
    [InlineData("a#10000")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData(".a#1")]
    [InlineData("*.a")]
    [InlineData("*#1")]
    [InlineData("a\nb")]
    public void TryParse_Other_IsRefused(string? text)
    {
        Assert.False(SensitiveName.TryParse(text, out _));
        Assert.Throws<ArgumentException>(() => Job.Create("n") with { SensitiveParameters = [text!] });
        Assert.Equal(["*", "@result"], SensitiveName.Read(["a", text]));
    }

    [Fact]
    public void Job_Names_CountOnceAndStayInOrder()
    {
        var job = Job.Create("n") with { SensitiveParameters = ["b", "a#1", "b"] };

        Assert.Equal(["b", "a#1"], job.SensitiveParameters);
        Assert.Empty((job with { SensitiveParameters = [] }).SensitiveParameters);
        Assert.Throws<ArgumentException>(
            () => job with { SensitiveParameters = [.. Enumerable.Range(0, 65).Select(i => $"a{i}")] });
        Assert.Throws<ArgumentException>(() => job with { SensitiveParameters = [new string('a', 201)] });
    }

    [Fact]
    public void Definition_SensitiveParameters_AreThoseOfItsParameters()
    {
        var job = new JobDefinition("n", static _ => default)
        {
            Parameters =
            [
                new("a", typeof(int), false),
                new("b", typeof(string), false) { IsSensitive = true },
                new("c", typeof(string), true) { SensitiveMembers = ["d.e", "f"] },
            ],
        };

        Assert.Equal(["b#2", "c.d.e#3", "c.f#3"], job.SensitiveParameters);
        Assert.Empty((job with { Parameters = [] }).SensitiveParameters);
        Assert.Equal(
            ["@result", "b#2", "c.d.e#3", "c.f#3"], (job with { SensitiveResult = ["*"] }).SensitiveParameters);
        Assert.Equal(
            ["@result.token", "@result.card.number"],
            (job with { Parameters = [], SensitiveResult = ["token", "card.number"] }).SensitiveParameters);
    }

    [Fact]
    public void Union_TwoLists_HasEachNameOnce()
    {
        ImmutableArray<string> one = ["a", "b"];

        Assert.Equal(one, SensitiveName.Union(one, []));
        Assert.Equal(one, SensitiveName.Union([], one));
        Assert.Equal(["a", "b", "c"], SensitiveName.Union(one, ["b", "c"]));
    }
}
